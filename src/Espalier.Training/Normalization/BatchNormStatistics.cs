using Espalier.Data;
using Espalier.Data.Sampling;
using Espalier.Errors;
using Espalier.Models;
using TorchSharp.Modules;

namespace Espalier.Training.Normalization;

/// <summary>
/// Running statistics taken anew for weights that never trained, such as averaged ones (Izmailov et al. 2018, section 3.2):
/// the mean over batches, without forgetting.
/// </summary>
public static class BatchNormStatistics
{
    /// <summary>Runs data through a model in training mode and sets the running statistics of its batch norms to the means over the batches.</summary>
    /// <param name="model">The model; the mode of every layer is restored.</param>
    /// <param name="data">What to take them from, in a fixed random order, since data may be sorted by class.</param>
    /// <param name="batchSize">Samples per batch, at least 2.</param>
    /// <param name="batches">At most so many batches.</param>
    /// <returns>How many batch norms there were.</returns>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public static int Recalibrate(torch.nn.Module<Tensor, Tensor> model, Dataset data, int batchSize, int batches = int.MaxValue)
    {
        OptionsException.Require(batchSize >= 2, nameof(batchSize), batchSize, "must be at least 2: one sample has no variance");
        OptionsException.Require(batches >= 1, nameof(batches), batches, "must be at least 1");
        using var noGradients = torch.no_grad();
        using var outer = torch.NewDisposeScope();
        (Tensor Running, Tensor Sum, double Momentum)[] statistics = [.. model.named_modules().SelectMany(m => Statistics(m.module))];
        if (statistics.Length == 0)
            return 0;
        using ModuleModes modes = ModuleModes.Keep(model);
        model.train();
        var order = new SampleStream(data.Count, seed: 0);
        int taken = 0;
        for (int start = 0; start + 1 < data.Count && taken < batches; start += batchSize, taken++)
        {
            using var scope = torch.NewDisposeScope();
            foreach ((Tensor running, Tensor _, double _) in statistics)
                running.zero_();
            model.call(data.Gather(order.Take(start, Math.Min(batchSize, data.Count - start)), start).Inputs);

            // From zero, a batch moves the running statistics by momentum times its own.
            foreach ((Tensor running, Tensor sum, double momentum) in statistics)
                sum.add_(running, alpha: 1 / momentum);
        }

        foreach ((Tensor running, Tensor sum, double _) in statistics)
            running.copy_(sum).div_(taken);
        return statistics.Length / 2;
    }

    private static IEnumerable<(Tensor Running, Tensor Sum, double Momentum)> Statistics(torch.nn.Module module)
    {
        double? momentum = module switch
        {
            GhostBatchNorm ghost => ghost.Momentum,
            BatchNorm1d one => one.momentum ?? 0.1,
            BatchNorm2d two => two.momentum ?? 0.1,
            BatchNorm3d three => three.momentum ?? 0.1,
            _ => null,
        };
        return momentum is { } m
            ? module.named_buffers(recurse: false).Where(b => b.name is "running_mean" or "running_var").Select(b => (b.buffer.DetachFromDisposeScope(), torch.zeros_like(b.buffer), m))
            : [];
    }
}
