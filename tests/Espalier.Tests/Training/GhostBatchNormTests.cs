using Espalier.Errors;
using Espalier.Training.Normalization;

namespace Espalier.Tests.Training;

public sealed class GhostBatchNormTests
{
    [Theory]
    [InlineData(new long[] { 24, 5 }, 8)]
    [InlineData(new long[] { 12, 3, 4, 4 }, 4)]
    [InlineData(new long[] { 12, 3, 7 }, 6)]
    public void Each_group_is_normalised_as_a_batch_of_its_own(long[] shape, int size)
    {
        Tensor x = torch.randn(shape) * 3 + 1;
        using var ours = new GhostBatchNorm((int)shape[1]) { GroupSize = size };
        var theirs = torch.nn.BatchNorm1d(shape[1]);
        Tensor all = ours.call(x);
        for (int start = 0; start < shape[0]; start += size)
        {
            Tensor group = x.narrow(0, start, size);
            Tensor flat = shape.Length == 2 ? group : group.flatten(2);
            Tensor expected = theirs.call(flat).view(group.shape);
            Assert.True(all.narrow(0, start, size).allclose(expected, atol: 1e-5));
        }

        // The running statistics have taken the groups in one after the other.
        Assert.True(ours.get_buffer("running_mean")!.allclose(theirs.running_mean!, atol: 1e-6));
        Assert.True(ours.get_buffer("running_var")!.allclose(theirs.running_var!, atol: 1e-5));
        ours.eval();
        theirs.eval();
        Tensor flatAll = shape.Length == 2 ? x : x.flatten(2);
        Assert.True(ours.call(x).allclose(theirs.call(flatAll).view(shape), atol: 1e-5));
    }

    [Fact]
    public void A_rest_of_one_sample_joins_the_last_group()
    {
        Tensor x = torch.randn(9, 2);
        using var ours = new GhostBatchNorm(2) { GroupSize = 4 };
        Tensor y = ours.call(x);
        Assert.True(y.narrow(0, 4, 5).mean([0]).abs().max().ToDouble() < 1e-6);
    }

    [Fact]
    public void Half_groups_move_the_running_statistics_by_half_as_much_in_the_log()
    {
        Tensor x = torch.randn(4, 1) + 5;
        using var whole = new GhostBatchNorm(1) { BaseGroupSize = 4 };
        using var halves = new GhostBatchNorm(1) { BaseGroupSize = 8 };
        whole.call(x);
        halves.call(x);
        halves.call(x);
        Assert.True(whole.get_buffer("running_mean")!.allclose(halves.get_buffer("running_mean")!));
    }

    [Fact]
    public void Another_number_of_features_is_refused()
    {
        using var norm = new GhostBatchNorm(3);
        Assert.Throws<ShapeException>(() => norm.call(torch.randn(4, 2)));
    }
}
