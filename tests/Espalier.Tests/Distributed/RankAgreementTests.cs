using Espalier.Communication;
using Espalier.Errors;

namespace Espalier.Tests.Distributed;

public sealed class RankAgreementTests
{
    [Fact]
    public void Ranks_that_agree_go_on()
    {
        ThreadRanks.Run(3, c => Require(c, "abc"));
        ThreadRanks.Run(3, c => Require(c, c.Rank == 1 ? """{"b":[1,null],"a":1}""" : """{"a":1,"b":[1,null]}"""));
        RankAgreement.Require(SingleProcess.Instance, "the options", "anything");
    }

    [Fact]
    public void A_different_checksum_is_named_on_every_rank_with_the_same_words()
    {
        string[] messages = Refused(4, "the data", r => r is 1 or 3 ? "bb" : "aa");
        Assert.Equal("the data: aa on rank 0, bb on ranks 1, 3; start every rank with the same command, files and version", Assert.Single(messages.Distinct()));
    }

    [Theory]
    [InlineData("""{"train":{"batchSize":64},"seed":1}""", """{"train":{"batchSize":128},"seed":1}""", "train.batchSize: 64 on rank 0, 128 on rank 1")]
    [InlineData("""{"a":1}""", """{"a":1,"b":{"c":2}}""", """b: absent on rank 0, {"c":2} on rank 1""")]
    [InlineData("""{"a":1,"b":null}""", """{"a":1}""", "b: null on rank 0, absent on rank 1")]
    [InlineData("""{"hidden":[64,32]}""", """{"hidden":[64,16]}""", "hidden[1]: 32 on rank 0, 16 on rank 1")]
    [InlineData("""{"hidden":[64]}""", """{"hidden":[64,16]}""", "hidden: [64] on rank 0, [64,16] on rank 1")]
    [InlineData("""{"a":1}""", "{broken", """the options: {"a":1} on rank 0, {broken on rank 1""")]
    [InlineData("", "x", "the options: nothing on rank 0, x on rank 1")]
    public void The_first_path_that_differs_is_named(string reference, string other, string expected)
    {
        string message = Refused(2, "the options", r => r == 0 ? reference : other)[0];
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ranks_that_differ_in_other_ways_are_named_too()
    {
        string message = Refused(4, "the options", r => $$"""{"a":{{r}}}""")[2];
        Assert.StartsWith("the options: a: 0 on rank 0, 1 on rank 1 (ranks 2, 3 differ too);", message, StringComparison.Ordinal);
    }

    private static bool Require(ICommunicator c, string fingerprint)
    {
        RankAgreement.Require(c, "the options", fingerprint);
        return true;
    }

    private static string[] Refused(int size, string what, Func<int, string> fingerprint) => [.. ThreadRanks.Try(size, c =>
    {
        RankAgreement.Require(c, what, fingerprint(c.Rank));
        return true;
    }).Select(r => Assert.IsType<DistributedException>(r.Error).Message)];
}
