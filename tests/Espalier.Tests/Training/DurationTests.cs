using System.Text.Json;
using Espalier.Errors;
using Espalier.Training.Loop;

namespace Espalier.Tests.Training;

public sealed class DurationTests
{
    [Theory]
    [InlineData("40 epochs", 40 * 1000)]
    [InlineData("1 epoch", 1000)]
    [InlineData("1.5 epochs", 1500)]
    [InlineData("100 steps", 100 * 32)]
    [InlineData("20480 samples", 20480)]
    public void Text_becomes_samples(string text, long samples) =>
        Assert.Equal(samples, Duration.Parse(text).ToSamples(32, 1000));

    [Theory]
    [InlineData("40")]
    [InlineData("epochs")]
    [InlineData("-3 steps")]
    [InlineData("3 weeks")]
    [InlineData("NaN steps")]
    public void Something_else_is_refused_with_an_example(string text) =>
        Assert.Contains("40 epochs", Assert.Throws<OptionsException>(() => Duration.Parse(text)).Message);

    [Theory]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_wrong_amount_cannot_be_made(double amount)
    {
        Assert.Throws<OptionsException>(() => Duration.Samples(amount));
        Assert.Throws<OptionsException>(() => Duration.Steps(amount));
        Assert.Throws<OptionsException>(() => Duration.Epochs(amount));
    }

    [Fact]
    public void More_samples_than_can_be_counted_are_refused() =>
        Assert.Equal("duration", Assert.Throws<OptionsException>(() => Duration.Epochs(1e300).ToSamples(32, 1000)).Option);

    [Fact]
    public void Json_writes_what_it_reads()
    {
        var duration = Duration.Steps(12.5);
        Assert.Equal(duration, JsonSerializer.Deserialize<Duration>(JsonSerializer.Serialize(duration)));
    }
}
