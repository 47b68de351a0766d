using System.Globalization;
using Espalier.Models;
using Espalier.Training.Loop;
using Espalier.Training.Scaling;

namespace Espalier.Training.Averages;

/// <summary>The power-function averages of a training, and their stored states.</summary>
internal sealed class PostHocAverages : IDisposable
{
    private readonly PostHocOptions _options;
    private readonly ModelEma[] _averages;

    public PostHocAverages(torch.nn.Module model, FlatParameters parameters, PostHocOptions options, int baseBatchSize, long epochSize)
    {
        _options = options;
        _averages = [.. options.SigmaRel.Distinct().Select(s =>
            new ModelEma(model, parameters, new EmaOptions { Kind = EmaKind.PowerFunction, SigmaRel = s }, new ScalingOptions(), baseBatchSize, epochSize))];
    }

    /// <summary>The flat averages with the names that a checkpoint keeps them under.</summary>
    public IEnumerable<(string Prefix, ModelEma Average)> State => _averages.Select((a, i) => ($"postHoc.{i}.", a));

    public void Update(long samples)
    {
        foreach (ModelEma average in _averages)
            average.Update(samples);
    }

    /// <summary>Stores every average as a file of its own.</summary>
    public void Store(string folder)
    {
        using var noGradients = torch.no_grad();
        foreach (ModelEma average in _averages)
        {
            using var scope = torch.NewDisposeScope();
            double sigma = average.Options.SigmaRel!.Value;
            var tensors = new List<KeyValuePair<string, Tensor>>();
            foreach ((string name, Tensor weight) in average.NamedWeights())
                tensors.Add(new(name, Stored(weight)));
            foreach ((string name, Tensor buffer) in average.Buffers)
                tensors.Add(new(name, Stored(buffer)));
            string file = string.Create(CultureInfo.InvariantCulture, $"{average.SamplesSeen:000000000000}-{sigma:0.####}.safetensors");
            SafetensorsFile.Write(Path.Combine(folder, file), tensors, new Dictionary<string, string>
            {
                [PostHocEma.SamplesKey] = average.SamplesSeen.ToString(CultureInfo.InvariantCulture),
                [PostHocEma.SigmaKey] = sigma.ToString("R", CultureInfo.InvariantCulture),
            });
        }
    }

    public void Dispose()
    {
        foreach (ModelEma average in _averages)
            average.Dispose();
    }

    private Tensor Stored(Tensor tensor) => _options.HalfPrecision && tensor.is_floating_point() ? tensor.to(torch.float16) : tensor;
}
