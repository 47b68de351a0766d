using Espalier.Data;
using TorchSharp.Modules;

namespace Espalier.Training;

/// <summary>
/// Running statistics taken anew for weights that never trained, such as averaged ones (Izmailov et al. 2018, section 3.2):
/// the mean over batches, without forgetting.
/// </summary>
public static class BatchNormStatistics
{
    /// <summary>Runs data through a model in training mode and sets the running statistics of its batch norms to the means over the batches.</summary>
    /// <param name="model">The model; its mode is restored.</param>
    /// <param name="data">What to take them from, in its own order.</param>
    /// <param name="batchSize">Samples per batch, at least 2.</param>
    /// <param name="batches">At most so many batches.</param>
    /// <returns>How many batch norms there were.</returns>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public static int Recalibrate(torch.nn.Module<Tensor, Tensor> model, Dataset data, int batchSize, int batches = int.MaxValue)
    {
        OptionsException.Require(batchSize >= 2, nameof(batchSize), batchSize, "must be at least 2: one sample has no variance");
        OptionsException.Require(batches >= 1, nameof(batches), batches, "must be at least 1");
        using var noGradients = torch.no_grad();
        (Tensor Running, Tensor Sum)[] statistics = [.. model.named_modules().Select(m => m.module).Where(m => m is GhostBatchNorm or BatchNorm1d or BatchNorm2d or BatchNorm3d)
            .SelectMany(m => m.named_buffers(recurse: false)).Where(b => b.name is "running_mean" or "running_var")
            .Select(b => (b.buffer, torch.zeros_like(b.buffer).DetachFromDisposeScope()))];
        if (statistics.Length == 0)
            return 0;
        double[] momenta = [.. statistics.Select((_, i) => Momentum(model, i / 2))];
        bool wasTraining = model.training;
        model.train();
        int taken = 0;
        for (int start = 0; start + 1 < data.Count && taken < batches; start += batchSize, taken++)
        {
            using var scope = torch.NewDisposeScope();
            for (int i = 0; i < statistics.Length; i++)
                statistics[i].Running.zero_();
            model.call(data.Gather([.. Enumerable.Range(start, Math.Min(batchSize, data.Count - start))]).Inputs);

            // From zero, a batch moves the running statistics by momentum times its own.
            for (int i = 0; i < statistics.Length; i++)
                statistics[i].Sum.add_(statistics[i].Running, alpha: 1 / momenta[i]);
        }

        for (int i = 0; i < statistics.Length; i++)
        {
            statistics[i].Running.copy_(statistics[i].Sum).div_(taken);
            statistics[i].Sum.Dispose();
        }

        if (!wasTraining)
            model.eval();
        return statistics.Length / 2;
    }

    private static double Momentum(torch.nn.Module model, int index) => model.named_modules().Select(m => m.module)
        .Where(m => m is GhostBatchNorm or BatchNorm1d or BatchNorm2d or BatchNorm3d).ElementAt(index) switch
    {
        GhostBatchNorm ghost => ghost.Momentum,
        BatchNorm1d one => one.momentum ?? 0.1,
        BatchNorm2d two => two.momentum ?? 0.1,
        BatchNorm3d three => three.momentum ?? 0.1,
        _ => 0.1,
    };
}
