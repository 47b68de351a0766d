using Espalier.Training.Loop;

namespace Espalier.Tests.Training;

public sealed class BackwardFailureTests
{
    /// <summary>The backward pass of a GPU runs on a thread of the device; here, on any other thread.</summary>
    [Fact]
    public void A_failure_on_another_thread_is_thrown_where_the_forward_pass_was()
    {
        using var scope = torch.NewDisposeScope();
        Tensor x = torch.ones(3, requires_grad: true);
        int runs = 0;
        Tensor y = GradientCheckpoint.Run(v => runs++ == 0 ? v * 2 : throw new NotSupportedException("second run"), x).sum();
        var backward = new Thread(() => y.backward());
        backward.Start();
        backward.Join();
        Assert.Equal("second run", Assert.Throws<NotSupportedException>(GradientCheckpoint.ThrowIfFailed).Message);
        GradientCheckpoint.ThrowIfFailed();
    }

    [Fact]
    public void A_failure_in_a_block_within_a_block_is_thrown_once()
    {
        using var scope = torch.NewDisposeScope();
        Tensor x = torch.ones(3, requires_grad: true);
        int runs = 0;
        Tensor Inner(Tensor v) => GradientCheckpoint.Run(w => runs++ < 2 ? w * 2 : throw new NotSupportedException("inner"), v);
        Tensor y = GradientCheckpoint.Run(v => Inner(v) * 3, x).sum();
        var backward = new Thread(() => y.backward());
        backward.Start();
        backward.Join();
        Assert.Equal("inner", Assert.Throws<NotSupportedException>(GradientCheckpoint.ThrowIfFailed).Message);
        GradientCheckpoint.ThrowIfFailed();
    }
}
