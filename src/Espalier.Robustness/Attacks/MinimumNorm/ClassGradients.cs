using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>Several outputs of a model and the gradient of each, from one pass forward and one backward for each output.</summary>
/// <param name="Values">[active, outputs].</param>
/// <param name="Gradients">[active, outputs, features]; an undefined value counts as zero.</param>
internal readonly record struct ClassGradients(Tensor Values, Tensor Gradients)
{
    /// <summary>Takes them: one query and as many gradients as outputs.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="active">The samples.</param>
    /// <param name="x">[active, ...].</param>
    /// <param name="outputs">From scores [active, classes] to [active, outputs].</param>
    public static ClassGradients Of(AttackedBatch batch, ActiveSamples active, Tensor x, Func<Tensor, Tensor> outputs)
    {
        batch.CancellationToken.ThrowIfCancellationRequested();
        using var scope = torch.NewDisposeScope();
        using var mode = torch.enable_grad();
        Tensor leaf = x.detach().requires_grad_(true);
        Tensor values = outputs(batch.Target.Logits(leaf));
        batch.CountQueries(active, 1);
        int count = (int)values.shape[1];
        var gradients = new Tensor[count];
        for (int k = 0; k < count; k++)
            gradients[k] = torch.autograd.grad([values.select(1, k).sum()], [leaf], retain_graph: k < count - 1)[0].flatten(1).nan_to_num(0, 0, 0);
        batch.CountGradients(active, count);
        return new ClassGradients(values.detach().MoveToOuterDisposeScope(), torch.stack(gradients, 1).detach().MoveToOuterDisposeScope());
    }

    /// <summary>
    /// How far the classes given are ahead of the true one, z_k - z_y; with targets, how far the target is ahead of all
    /// others, one output.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="active">The samples.</param>
    /// <param name="x">[active, ...].</param>
    /// <param name="classes">[active, outputs], not the true ones.</param>
    public static ClassGradients OfLeads(AttackedBatch batch, ActiveSamples active, Tensor x, Tensor classes) =>
        Of(batch, active, x, scores => active.Targets is null
            ? scores.gather(1, classes) - scores.gather(1, active.Labels.unsqueeze(1))
            : AttackedBatch.Margin(scores, active.Labels, active.Targets).unsqueeze(1));

    /// <summary>The gradients with respect to changes of which a unit is worth the scales.</summary>
    /// <param name="scales">[1, ...] or null for 1.</param>
    public ClassGradients Scaled(Tensor? scales) => scales is null ? this : this with { Gradients = Gradients * scales.flatten(1).unsqueeze(1) };

    /// <summary>The output whose linear boundary is nearest in the norm, for each sample.</summary>
    /// <param name="norm">What measures a change.</param>
    /// <returns>Its value [active] and its gradient [active, features].</returns>
    public (Tensor Value, Tensor Gradient) Nearest(Norm norm)
    {
        Tensor steepness = DualSize(norm, Gradients);
        Tensor nearest = (Values.abs() / steepness.clamp_min(1e-12)).argmin(1, keepdim: true);
        Tensor index = nearest.unsqueeze(2).expand(-1, -1, Gradients.shape[2]);
        return (Values.gather(1, nearest).squeeze(1), Gradients.gather(1, index).squeeze(1));
    }

    /// <summary>The dual norm over the last dimension: by how much a change of one unit moves a linear function at most.</summary>
    public static Tensor DualSize(Norm norm, Tensor gradients) => norm switch
    {
        Norm.LInf => gradients.abs().sum([-1]),
        Norm.L2 => gradients.pow(2).sum([-1]).sqrt(),
        Norm.L1 => gradients.abs().amax([-1]),
        _ => throw new OptionsException(nameof(norm), norm, "must be LInf, L2 or L1"),
    };
}
