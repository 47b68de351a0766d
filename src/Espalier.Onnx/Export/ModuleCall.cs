using Espalier.Errors;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace Espalier.Onnx.Export;

/// <summary>Calls a module of any supported kind on random inputs.</summary>
internal sealed class ModuleCall
{
    private readonly Module _module;
    private readonly IReadOnlyList<OnnxInput> _inputs;
    private readonly int _seed;
    private readonly torch.Device _device;

    public ModuleCall(Module module, IReadOnlyList<OnnxInput> inputs, int seed)
    {
        (_module, _inputs, _seed) = (module, inputs, seed);
        _device = module.parameters().FirstOrDefault()?.device ?? torch.CPU;
        OutputCount = module is TorchSharp.Modules.GRU or TorchSharp.Modules.LSTM ? 2 : 1;
    }

    /// <summary>How many tensors it gives.</summary>
    public int OutputCount { get; }

    public IReadOnlyList<OnnxInput> Inputs => _inputs;

    /// <summary>The lengths at which it is checked, the greatest first; one null where no input leaves its length open.</summary>
    public IReadOnlyList<long?> Lengths => _inputs.FirstOrDefault(i => i.IsSequence) is { } open ? [.. open.CheckedLengths.Select(t => (long?)t)] : [null];

    public Module Module => _module;

    /// <summary>Two calls with batches of two and three, which no other dimension follows.</summary>
    public void Observe(int run)
    {
        using var scope = torch.NewDisposeScope();
        Run(RandomInputs(run + 2, run + 100));
    }

    /// <summary>Random inputs.</summary>
    /// <param name="batch">How many.</param>
    /// <param name="stream">Another one, other numbers.</param>
    /// <param name="tokens">Their length, where it is open; the greatest where null.</param>
    public Tensor[] RandomInputs(int batch, int stream, long? tokens = null)
    {
        using var generator = new torch.Generator(unchecked((ulong)((_seed * 7919) + stream)));
        return [.. _inputs.Select(i => i.Random(batch, tokens, generator, _device))];
    }

    /// <summary>Inputs at the edges of what may come, and beyond.</summary>
    /// <param name="probe">Which.</param>
    /// <param name="tokens">Their length, where it is open.</param>
    public Tensor[] ProbeInputs(OnnxProbe probe, long? tokens)
    {
        using var generator = new torch.Generator(unchecked((ulong)((_seed * 7919) + 200 + (int)probe)));
        return [.. _inputs.Select(i => i.Probe(probe, tokens, generator, _device))];
    }

    /// <summary>Calls the module.</summary>
    /// <exception cref="OnnxExportException">Its forward takes other inputs.</exception>
    public Tensor[] Run(Tensor[] inputs)
    {
        try
        {
            return Call(inputs);
        }
        catch (Exception error) when (error is not EspalierException)
        {
            throw new OnnxExportException("", _module.GetType(),
                $"its forward fails on {string.Join(" and ", inputs.Select(i => $"[{string.Join(", ", i.shape)}]"))}: {error.Message.Split('\n')[0]}", "describe the inputs that it takes", error);
        }
    }

    private Tensor[] Call(Tensor[] inputs) => (_module, inputs) switch
    {
        (Module<Tensor, Tensor> m, [var x]) => [m.call(x)],
        (Module<Tensor, Tensor, Tensor> m, [var x, var y]) => [m.call(x, y)],
        (Module<Tensor, Tensor, Tensor> m, [var x]) => [m.call(x, null!)],
        (Module<Tensor, Tensor, Tensor, Tensor> m, [var x, var y, var z]) => [m.call(x, y, z)],
        (Module<Tensor, Tensor, Tensor, Tensor> m, [var x, var y]) => [m.call(x, y, null!)],
        (Module<Tensor, Tensor, Tensor, Tensor> m, [var x]) => [m.call(x, null!, null!)],
        (MultiheadAttention m, [var x]) => [m.call(x, x, x, null, false, null).Item1],
        (GRU m, [var x]) => [.. Pair(m.call(x, null!))],
        (LSTM m, [var x]) => [.. Pair(m.call(x, null))],
        _ => throw new OnnxExportException("", _module.GetType(), $"its forward does not take {inputs.Length} tensor(s) and give one", "wrap it in a module that does"),
    };

    private static Tensor[] Pair((Tensor, Tensor) results) => [results.Item1, results.Item2];

    private static Tensor[] Pair((Tensor, Tensor, Tensor) results) => [results.Item1, results.Item2];
}
