using BenchmarkDotNet.Attributes;
using Espalier.Benchmarks.Workload;
using Espalier.Training.Averages;
using Espalier.Training.Loop;
using Espalier.Training.Scaling;
using TorchSharp.Modules;

namespace Espalier.Benchmarks.Micro;

/// <summary>
/// One update of the moving average of a model's weights. It must read both and write one: 12 bytes per float32 weight,
/// over the time, is the bandwidth.
/// </summary>
public class EmaBenchmarks : IDisposable
{
    private const double Momentum = 0.999;

    private torch.nn.Module _module = null!;
    private FlatParameters _flat = null!;
    private ModelEma _ema = null!;
    private Parameter[] _parameters = null!;
    private Tensor[] _averages = null!;

    /// <summary>The digits gMLP, or as many weights as a ResNet-18 in 62 tensors.</summary>
    [Params("59k", "11.7M")]
    public string Weights { get; set; } = "59k";

    /// <summary>Makes model and averages.</summary>
    [GlobalSetup]
    public void Load()
    {
        torch.set_num_threads(1);
        if (Weights == "59k")
        {
            using var task = new DigitsTask(256);
            _module = task.NewModel();
        }
        else
        {
            _module = torch.nn.Sequential([.. Enumerable.Range(0, 31).Select(i => ($"layer{i}", (torch.nn.Module<Tensor, Tensor>)torch.nn.Linear(614, 614)))]);
        }

        _flat = new FlatParameters(_module);
        _ema = new ModelEma(_module, _flat, new EmaOptions { Momentum = Momentum }, new ScalingOptions(), baseBatchSize: 64, epochSize: 64);
        _parameters = [.. _module.parameters()];
        using var noGradients = torch.no_grad();
        _averages = [.. _parameters.Select(p => p.clone())];
    }

    /// <summary><see cref="ModelEma"/> over the flat buffer.</summary>
    [Benchmark(Baseline = true)]
    public void ModelEma() => _ema.Update(64);

    /// <summary>A <c>lerp_</c> for each parameter.</summary>
    [Benchmark]
    public void LerpPerTensor()
    {
        using var noGradients = torch.no_grad();
        for (int i = 0; i < _parameters.Length; i++)
            _averages[i].lerp_(_parameters[i], 1 - Momentum);
    }

    /// <summary>ζ.copy_(ρζ + (1-ρ)θ) for each parameter, the formula as it stands.</summary>
    [Benchmark]
    public void FormulaPerTensor()
    {
        using var noGradients = torch.no_grad();
        for (int i = 0; i < _parameters.Length; i++)
        {
            using var scope = torch.NewDisposeScope();
            _averages[i].copy_((Momentum * _averages[i]) + ((1 - Momentum) * _parameters[i]));
        }
    }

    /// <summary>Frees everything.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        foreach (Tensor average in _averages)
            average.Dispose();
        _ema.Dispose();
        _flat.Dispose();
        _module.Dispose();
        GC.SuppressFinalize(this);
    }
}
