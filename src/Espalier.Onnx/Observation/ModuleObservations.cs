using Espalier.Onnx.Conversions;
using Module = TorchSharp.torch.nn.Module;

namespace Espalier.Onnx.Observation;

/// <summary>
/// What the modules without a conversion did in two runs of the whole model, with batches of different sizes and other
/// values: enough to tell which value came from where, and which dimensions follow the batch.
/// </summary>
internal sealed class ModuleObservations : IDisposable
{
    private readonly Dictionary<Module, List<TracedForward>> _first;
    private readonly Dictionary<Module, List<TracedForward>> _second;
    private readonly Dictionary<Module, int> _taken = new(ReferenceEqualityComparer.Instance);

    private ModuleObservations(Dictionary<Module, List<TracedForward>> first, Dictionary<Module, List<TracedForward>> second) => (_first, _second) = (first, second);

    /// <summary>Observes a model, where any of its modules needs that.</summary>
    /// <param name="root">The model, in evaluation mode.</param>
    /// <param name="conversions">Which modules need no observation.</param>
    /// <param name="run">Runs the model on a batch of its own making: 0 or 1 says which.</param>
    public static ModuleObservations Of(Module root, OnnxConversions conversions, Action<int> run)
    {
        Module[] unknown = [.. root.named_modules().Select(m => m.module).Prepend(root).Distinct<Module>(ReferenceEqualityComparer.Instance)
            .Where(m => m is not IOnnxExportable && conversions.Find(m.GetType()) is null)];
        if (unknown.Length == 0)
            return new([], []);
        Dictionary<Module, List<TracedForward>>[] runs = [.. Enumerable.Range(0, 2).Select(i =>
        {
            using var recorder = new ForwardRecorder(unknown);
            run(i);
            return recorder.Forwards;
        })];
        return new(runs[0], runs[1]);
    }

    /// <summary>The next call of a module that was not yet taken.</summary>
    /// <returns>The call in both runs, or null where the module was not called so often.</returns>
    public (TracedForward First, TracedForward Second)? Next(Module module)
    {
        int index = _taken.GetValueOrDefault(module);
        _taken[module] = index + 1;
        return _first.TryGetValue(module, out var first) && _second.TryGetValue(module, out var second) && index < first.Count && index < second.Count
            ? (first[index], second[index])
            : null;
    }

    public void Dispose()
    {
        foreach (TracedForward forward in _first.Values.Concat(_second.Values).SelectMany(f => f))
        {
            foreach (Tensor tensor in (IEnumerable<Tensor>)[.. forward.Inputs, .. forward.Outputs, .. forward.Calls.SelectMany(c => c.Inputs.Concat(c.Outputs))])
                tensor.Dispose();
        }
    }
}
