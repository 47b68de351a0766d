using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Training.Averages;

/// <summary>
/// One model from several of the same kind by averaging their weights (Wortsman et al. 2022, "Model soups"): all alike, or
/// greedily those that help.
/// </summary>
public static class ModelSoup
{
    /// <summary>The mean of all.</summary>
    /// <param name="files">Safetensors files of one model.</param>
    /// <param name="module">Takes the weights.</param>
    /// <param name="prefix">What the names in the files begin with, such as <see cref="ModelWeights.EmaPrefix"/>.</param>
    /// <exception cref="OptionsException">There are no files.</exception>
    /// <exception cref="CheckpointException">A file is broken or another model's.</exception>
    public static void Uniform(IReadOnlyList<string> files, torch.nn.Module module, string prefix = "")
    {
        OptionsException.Require(files.Count > 0, nameof(files), 0, "must name at least one");
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var means = new Dictionary<string, Tensor>();
        for (int i = 0; i < files.Count; i++)
        {
            ModelWeights.Load(module, files[i], prefix);
            foreach ((string name, Tensor tensor) in module.state_dict().Where(t => t.Value.is_floating_point()))
            {
                if (i == 0)
                    means[name] = tensor.to(torch.float64).clone();
                else
                    means[name].lerp_(tensor.to(torch.float64), 1.0 / (i + 1));
            }
        }

        foreach ((string name, Tensor tensor) in module.state_dict().Where(t => t.Value.is_floating_point()))
            tensor.copy_(means[name]);
    }

    /// <summary>From the best file on, each next one is taken in if the mean does not get worse.</summary>
    /// <param name="files">Safetensors files of one model.</param>
    /// <param name="module">Takes the weights.</param>
    /// <param name="judge">Judges the module on validation data; more is better.</param>
    /// <param name="prefix">What the names in the files begin with.</param>
    /// <returns>The files that were taken in, the best one first.</returns>
    /// <exception cref="OptionsException">There are no files.</exception>
    /// <exception cref="CheckpointException">A file is broken or another model's.</exception>
    public static IReadOnlyList<string> Greedy(IReadOnlyList<string> files, torch.nn.Module module, Func<double> judge, string prefix = "")
    {
        OptionsException.Require(files.Count > 0, nameof(files), 0, "must name at least one");
        (string File, double Value)[] ranked = [.. files.Select(f =>
        {
            ModelWeights.Load(module, f, prefix);
            return (f, judge());
        }).OrderByDescending(f => f.Item2)];
        List<string> taken = [ranked[0].File];
        double best = ranked[0].Value;
        foreach ((string file, double _) in ranked.Skip(1))
        {
            Uniform([.. taken, file], module, prefix);
            double value = judge();
            if (!(value >= best))
                continue;
            taken.Add(file);
            best = value;
        }

        Uniform(taken, module, prefix);
        return taken;
    }
}
