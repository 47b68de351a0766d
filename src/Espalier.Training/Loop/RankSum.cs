using Espalier.Communication;

namespace Espalier.Training.Loop;

/// <summary>
/// The sum of a tensor over all ranks, with its gradient: since every rank's loss depends on the sum, the gradient of each
/// rank's part is the sum of all ranks' gradients.
/// </summary>
internal sealed class RankSum : torch.autograd.SingleTensorFunction<RankSum>
{
    public override string Name => nameof(RankSum);

    /// <summary>The sum over all ranks.</summary>
    public static Tensor Over(ICommunicator ranks, Tensor values) => apply(values, ranks);

    public override Tensor forward(torch.autograd.AutogradContext context, params object[] vars)
    {
        context.save_data("ranks", vars[1]);
        context.save_data("failure", BackwardFailure.Here);
        return Summed((Tensor)vars[0], (ICommunicator)vars[1]);
    }

    public override List<Tensor> backward(torch.autograd.AutogradContext context, Tensor grad_output)
    {
        Tensor sum = grad_output;
        try
        {
            sum = Summed(grad_output, (ICommunicator)context.get_data("ranks"));
        }
#pragma warning disable CA1031 // Whatever it is, it is thrown after the backward pass.
        catch (Exception error)
#pragma warning restore CA1031
        {
            ((BackwardFailure)context.get_data("failure")).Keep(error);
        }

        return [sum, null!];
    }

    // Ranks exchange what lies in plain memory; the sum goes back to where the values were.
    private static Tensor Summed(Tensor values, ICommunicator ranks)
    {
        Tensor host = values.detach().cpu().contiguous().clone();
        ranks.Sum(host);
        return values.device_type == DeviceType.CPU ? host : host.to(values.device);
    }
}
