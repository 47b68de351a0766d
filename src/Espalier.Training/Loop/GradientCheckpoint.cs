namespace Espalier.Training.Loop;

/// <summary>
/// Gradient checkpointing (Chen et al. 2016): only the input of a block is kept for the backward pass, which runs the block
/// again. Dropout draws what it drew before. Batch norm would update its statistics twice, and there is no second derivative.
/// The trainer throws what goes wrong in that second run; a loop of one's own calls <see cref="ThrowIfFailed"/> after
/// <c>backward</c>, since an exception inside the backward pass would end the process and the gradients are zero instead.
/// </summary>
public static class GradientCheckpoint
{
    /// <summary>Runs a block; in training, with gradients, without keeping its intermediates.</summary>
    /// <param name="block">A function of its input and of parameters; called again in the backward pass.</param>
    /// <param name="input">Its input.</param>
    /// <returns>What the block gives.</returns>
    public static Tensor Run(Func<Tensor, Tensor> block, Tensor input)
    {
        if (!torch.is_grad_enabled())
            return block(input);

        // A function whose input needs no gradient would get none for its parameters.
        Tensor tracked = input.requires_grad ? input : input + torch.zeros([], dtype: input.dtype, device: input.device).requires_grad_(true);
        return Function.apply(block, tracked);
    }

    /// <summary>Throws what went wrong when a block was run again in the last backward pass of what this thread computed; does nothing where nothing did.</summary>
    public static void ThrowIfFailed() => BackwardFailure.ThrowIfAny();

    private sealed class Function : torch.autograd.SingleTensorFunction<Function>
    {
        public override string Name => nameof(GradientCheckpoint);

        public override Tensor forward(torch.autograd.AutogradContext ctx, params object[] vars)
        {
            var block = (Func<Tensor, Tensor>)vars[0];
            var input = (Tensor)vars[1];
            ctx.save_data("block", block);
            ctx.save_data("draws", SampleRandom.Capture());
            ctx.save_data("failure", BackwardFailure.Here);
            using (Tensor generator = torch.get_rng_state())
                ctx.save_data("generator", generator.bytes.ToArray());
            ctx.save_for_backward([input]);
            using var scope = torch.NewDisposeScope();
            return block(input).MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(torch.autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var scope = torch.NewDisposeScope();
            Tensor input = ctx.get_saved_variables()[0].detach().requires_grad_(true);
            Tensor now = torch.get_rng_state();
            try
            {
                torch.set_rng_state(torch.tensor((byte[])ctx.get_data("generator")));
                using (((Func<IDisposable>)ctx.get_data("draws"))())
                using (torch.enable_grad())
                {
                    Tensor output = ((Func<Tensor, Tensor>)ctx.get_data("block"))(input);
                    torch.autograd.backward([output], [grad_output]);
                    BackwardFailure.ThrowIfAny();
                }

                return [null!, input.grad!.MoveToOuterDisposeScope()];
            }
#pragma warning disable CA1031 // Whatever it is, it is thrown after the backward pass.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                ((BackwardFailure)ctx.get_data("failure")).Keep(failure);
                return [null!, torch.zeros_like(input).MoveToOuterDisposeScope()];
            }
            finally
            {
                torch.set_rng_state(now);
            }
        }
    }
}
