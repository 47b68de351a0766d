namespace Espalier.Training.Diagnostics;

/// <summary>
/// The identity on a module's input. When the backward pass comes through it, every gradient of the module itself is
/// complete, since autograd stores gradients before it goes on.
/// </summary>
internal sealed class GradientTap : torch.autograd.SingleTensorFunction<GradientTap>
{
    public override string Name => nameof(GradientTap);

    /// <summary>Passes an input on.</summary>
    /// <param name="input">The module's input; requires a gradient.</param>
    /// <param name="reached">Called when the backward pass arrives; must not throw.</param>
    public static Tensor On(Tensor input, Action reached) => apply(input, reached);

    public override Tensor forward(torch.autograd.AutogradContext context, params object[] vars)
    {
        context.save_data("reached", vars[1]);
        return ((Tensor)vars[0]).alias();
    }

    public override List<Tensor> backward(torch.autograd.AutogradContext context, Tensor grad_output)
    {
        ((Action)context.get_data("reached"))();
        return [grad_output, null!];
    }
}
