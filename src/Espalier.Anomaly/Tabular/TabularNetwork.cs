using Espalier.Data;
using Espalier.Errors;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;

namespace Espalier.Anomaly.Tabular;

/// <summary>Linear layers with leaky ReLUs (slope 0.1) between them: the network of a table.</summary>
internal sealed class TabularNetwork : IDisposable
{
    private const double Slope = 0.1;

    private readonly int[] _widths;
    private readonly bool _hasBias;
    private readonly TorchSharp.Modules.Linear[] _layers;

    public TabularNetwork(int[] widths, bool hasBias, int seed)
    {
        (_widths, _hasBias) = (widths, hasBias);
        _layers = [.. Enumerable.Range(0, widths.Length - 1).Select(i => torch.nn.Linear(widths[i], widths[i + 1], hasBias))];
        using var _ = torch.no_grad();
        using var generator = new torch.Generator((ulong)(uint)seed);
        foreach (TorchSharp.Modules.Linear layer in _layers)
        {
            // Glorot's range, which keeps the spread of values through the layers.
            double range = Math.Sqrt(6.0 / (layer.weight.shape[0] + layer.weight.shape[1]));
            layer.weight.uniform_(-range, range, generator);
            layer.bias?.zero_();
        }

        var steps = new List<torch.nn.Module<Tensor, Tensor>>();
        for (int i = 0; i < _layers.Length; i++)
        {
            steps.Add(_layers[i]);
            if (i < _layers.Length - 1)
                steps.Add(torch.nn.LeakyReLU(Slope));
        }

        Module = torch.nn.Sequential(steps);
    }

    public torch.nn.Module<Tensor, Tensor> Module { get; }

    /// <summary>Trains by an objective.</summary>
    public void Train(TabularRows rows, Objective<InputBatch> objective, TabularTraining training, CancellationToken cancellationToken)
    {
        using var data = new InputRows("rows", Singles(rows));
        var trainer = new Trainer(new TrainerOptions
        {
            Length = Duration.Epochs(training.Epochs),
            BatchSize = Math.Min(training.BatchSize, rows.Count),
            Seed = training.Seed,
            Optimizer = new OptimizerOptions { Kind = OptimizerKind.Adam, LearningRate = training.LearningRate, WeightDecay = training.WeightDecay },
        });
        using TrainingResult result = trainer.Fit(objective, data, cancellationToken: cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>What the network makes of rows, float64, in double precision throughout.</summary>
    public Tensor Apply(Tensor rows)
    {
        Tensor x = rows;
        for (int i = 0; i < _layers.Length; i++)
        {
            x = x.matmul(_layers[i].weight.to(torch.float64).t());
            if (_hasBias)
                x += _layers[i].bias!.to(torch.float64);
            if (i < _layers.Length - 1)
                x = torch.nn.functional.leaky_relu(x, Slope);
        }

        return x;
    }

    private static Tensor Singles(TabularRows rows)
    {
        using var scope = torch.NewDisposeScope();
        return rows.ToTensor().to(torch.float32).MoveToOuterDisposeScope();
    }

    public void Write(TabularState state)
    {
        state.Set("network.widths", _widths);
        for (int i = 0; i < _layers.Length; i++)
        {
            state.Set($"network.{i}.weight", Values(_layers[i].weight), _layers[i].weight.shape);
            if (_hasBias)
                state.Set($"network.{i}.bias", Values(_layers[i].bias!), _layers[i].bias!.shape);
        }
    }

    /// <summary>From a file.</summary>
    /// <param name="state">What it holds.</param>
    /// <param name="widths">The widths that the detector's options give; the file's arrays are compared with them before any layer is made.</param>
    /// <param name="hasBias">Whether the layers have a bias.</param>
    /// <exception cref="DataException">An array does not fit.</exception>
    public static TabularNetwork Read(TabularState state, int[] widths, bool hasBias)
    {
        if (!state.Integers("network.widths", 1, int.MaxValue, widths.Length).AsSpan().SequenceEqual(widths) || state.Has("network.0.bias") != hasBias)
            throw new DataException("detector", $"has a network of other widths than [{string.Join(", ", widths)}]", "fit and save it again");
        float[][] weights = [.. Enumerable.Range(0, widths.Length - 1).Select(i => state.Singles($"network.{i}.weight", widths[i + 1], widths[i]))];
        float[][] biases = hasBias ? [.. Enumerable.Range(0, widths.Length - 1).Select(i => state.Singles($"network.{i}.bias", widths[i + 1]))] : [];
        var network = new TabularNetwork(widths, hasBias, 0);
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        for (int i = 0; i < network._layers.Length; i++)
        {
            network._layers[i].weight.copy_(torch.tensor(weights[i]).view(network._layers[i].weight.shape));
            network._layers[i].bias?.copy_(torch.tensor(biases[i]));
        }

        return network;
    }

    public void Dispose() => Module.Dispose();

    private static float[] Values(Tensor tensor) => tensor.detach().contiguous().data<float>().ToArray();
}
