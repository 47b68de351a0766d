using System.Globalization;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Training.Averages;

/// <summary>
/// Averages of any width, made after the training from stored power-function averages (Karras et al. 2024, section 3.2 and
/// appendix C).
/// </summary>
public sealed class PostHocEma
{
    internal const string SamplesKey = "espalier.samples";
    internal const string SigmaKey = "espalier.sigmaRel";

    // Weights of a profile in the span of the stored ones are nearly a mean; a sum of their magnitudes above this magnifies the noise of the
    // stored averages as much.
    private const double MostMagnification = 3;

    private readonly (SafetensorsFile File, double Samples, double Exponent)[] _stored;

    private PostHocEma((SafetensorsFile File, double Samples, double Exponent)[] stored) => _stored = stored;

    /// <summary>Samples seen and width σ_rel of each stored average, in the order of the samples.</summary>
    public IReadOnlyList<(long Samples, double SigmaRel)> Stored => [.. _stored.Select(s => ((long)s.Samples, PowerFunctionProfile.Sigma(s.Exponent)))];

    /// <summary>The file of each, in the same order.</summary>
    public IReadOnlyList<string> Files => [.. _stored.Select(s => s.File.Path)];

    /// <summary>Opens the averages that a training stored.</summary>
    /// <param name="folder">The folder, <c>averages</c> of a run.</param>
    /// <exception cref="CheckpointException">There are fewer than two, or one is damaged.</exception>
    public static PostHocEma Open(string folder)
    {
        string[] files = Directory.Exists(folder) ? [.. Directory.GetFiles(folder, "*.safetensors").Order(StringComparer.Ordinal)] : [];
        if (files.Length < 2)
            throw new CheckpointException(folder, $"holds {files.Length} stored averages, and two are needed", "train with the section train.postHoc in the recipe");
        return new PostHocEma([.. files.Select(Read).OrderBy(s => s.Samples)]);
    }

    /// <summary>The weights that <see cref="Synthesize"/> gives the stored averages.</summary>
    /// <param name="sigmaRel">The wanted width σ_rel, in (0, 0.2886).</param>
    /// <param name="atSamples">The wanted end of the profile; that of the last stored average where null.</param>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public IReadOnlyList<double> Weights(double sigmaRel, long? atSamples = null) => PowerFunctionProfile.Weights(
        [.. _stored.Select(s => (s.Samples, s.Exponent))], atSamples ?? _stored[^1].Samples, PowerFunctionProfile.Exponent(sigmaRel));

    /// <summary>What makes a synthesis unreliable: a width or a time outside those stored.</summary>
    /// <param name="sigmaRel">The wanted width σ_rel, in (0, 0.2886).</param>
    /// <param name="atSamples">The wanted end of the profile; that of the last stored average where null.</param>
    /// <returns>A sentence each; none where the stored averages span the wanted one.</returns>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public IReadOnlyList<string> Warnings(double sigmaRel, long? atSamples = null)
    {
        var warnings = new List<string>();
        double magnification = Weights(sigmaRel, atSamples).Sum(Math.Abs);
        (double narrowest, double widest) = (Stored.Min(s => s.SigmaRel), Stored.Max(s => s.SigmaRel));
        if (sigmaRel < narrowest * (1 - 1e-9) || sigmaRel > widest * (1 + 1e-9))
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"the width {sigmaRel:0.####} lies outside the stored widths {narrowest:0.####} to {widest:0.####}: the synthesis extrapolates"));
        if (atSamples is { } at && at < _stored[0].Samples)
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"{at} samples lie before the first stored average, at {_stored[0].Samples:0}: nothing stored has that profile"));
        if (magnification > MostMagnification)
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"the weights of the stored averages have magnitudes of {magnification:0.#} in sum, which magnifies their noise as much"));
        return warnings;
    }

    /// <summary>An average of another width, or of an earlier time.</summary>
    /// <param name="sigmaRel">The wanted width σ_rel, in (0, 0.2886).</param>
    /// <param name="atSamples">The wanted end of the profile; that of the last stored average where null.</param>
    /// <returns>Parameters and buffers by name; integer buffers are those of the last stored average. The caller's.</returns>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public IReadOnlyDictionary<string, Tensor> Synthesize(double sigmaRel, long? atSamples = null)
    {
        IReadOnlyList<double> weights = Weights(sigmaRel, atSamples);
        using var noGradients = torch.no_grad();
        var result = new Dictionary<string, Tensor>();
        foreach (string name in _stored[^1].File.Names)
        {
            using var scope = torch.NewDisposeScope();
            Tensor last = _stored[^1].File.Load(name);
            if (!last.is_floating_point())
            {
                result[name] = last.DetachFromDisposeScope();
                continue;
            }

            Tensor sum = torch.zeros(last.shape, dtype: torch.float64);
            for (int i = 0; i < _stored.Length; i++)
                sum.add_(_stored[i].File.Load(name).to(torch.float64), alpha: weights[i]);
            result[name] = sum.to(torch.float32).DetachFromDisposeScope();
        }

        return result;
    }

    private static (SafetensorsFile File, double Samples, double Exponent) Read(string path)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        if (!file.Metadata.TryGetValue(SamplesKey, out string? samples) || !file.Metadata.TryGetValue(SigmaKey, out string? sigma)
            || !double.TryParse(samples, CultureInfo.InvariantCulture, out double seen) || !double.TryParse(sigma, CultureInfo.InvariantCulture, out double width))
            throw new CheckpointException(path, "is no stored average of a training", "give the folder that a training with postHoc wrote");
        return (file, seen, PowerFunctionProfile.Exponent(width));
    }
}
