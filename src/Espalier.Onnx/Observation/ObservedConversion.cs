using Espalier.Onnx.Conversions;
using Espalier.Onnx.Export;
using Espalier.Onnx.Graph;
using Module = TorchSharp.torch.nn.Module;

namespace Espalier.Onnx.Observation;

/// <summary>
/// Writes a module that has no conversion, from what was seen of it: its children are called in the order in which they
/// were, and what lies between them is found by <see cref="GlueSearch"/> or refused.
/// </summary>
internal static class ObservedConversion
{
    public static IReadOnlyList<OnnxValue> Convert(OnnxGraph graph, Module module, IReadOnlyList<OnnxValue> inputs, ModuleObservations observations)
    {
        if (graph.Strict)
            throw Refusal(graph, module, "it has no conversion, and a strict export infers none from observation");
        if (observations.Next(module) is not var (first, second))
            throw Refusal(graph, module, "it has no conversion, and its calls could not be observed");
        if (!first.Calls.Select(c => c.Child).SequenceEqual(second.Calls.Select(c => c.Child), ReferenceEqualityComparer.Instance))
            throw Refusal(graph, module, "which children it calls depends on its input");
        using var search = new GlueSearch(Constants(graph, module));
        for (int i = 0; i < Math.Min(inputs.Count, first.Inputs.Length); i++)
            search.Add(new TracedValue(new(first.Inputs[i], second.Inputs[i]), inputs.Count == 1 ? "its input" : $"input {i + 1}", Given(inputs[i])));
        foreach ((TracedCall a, TracedCall b) in first.Calls.Zip(second.Calls))
        {
            string child = NameOf(graph, module, a.Child);
            OnnxValue[] values = [.. a.Inputs.Zip(b.Inputs, (x, y) => Explain(graph, module, search, new(x, y), $"what '{child}' takes"))];
            IReadOnlyList<OnnxValue> results = graph.CallMany(a.Child, values);
            for (int i = 0; i < Math.Min(results.Count, a.Outputs.Length); i++)
                search.Add(new TracedValue(new(a.Outputs[i], b.Outputs[i]), $"the output of '{child}'", Given(results[i])));
        }

        OnnxValue[] outputs = [.. first.Outputs.Zip(second.Outputs, (x, y) => Explain(graph, module, search, new(x, y), "its result"))];
        string path = graph.PathOf(module);
        int children = first.Calls.Count;
        graph.AddInferred($"{(path.Length == 0 ? "the module itself" : $"'{path}'")} ({module.GetType().Name}, {children} call{(children == 1 ? "" : "s")} of children)");
        return outputs;
    }

    private static OnnxValue Explain(OnnxGraph graph, Module module, GlueSearch search, TracedPair target, string what)
    {
        TracedValue value = search.Explain(target)
            ?? throw Refusal(graph, module, $"{what}, of shape [{string.Join(", ", target.First.shape)}], could not be explained from {string.Join(", ", search.Known.Select(k => k.Description))}");
        search.Add(value);
        return value.Emit(graph);
    }

    private static Func<OnnxGraph, OnnxValue> Given(OnnxValue value) => _ => value;

    private static TracedValue[] Constants(OnnxGraph graph, Module module) =>
        [.. module.named_parameters(recurse: false).Select(p => (p.name, Tensor: (Tensor)p.parameter))
            .Concat(module.named_buffers(recurse: false).Select(b => (name: b.name, Tensor: b.buffer)))
            .Select(t => new TracedValue(new TracedPair(t.Tensor.detach(), t.Tensor.detach()), $"its weight '{t.name}'", _ => graph.Weight(t.Tensor)))];

    private static string NameOf(OnnxGraph graph, Module module, Module child)
    {
        string path = graph.PathOf(child);
        string own = graph.PathOf(module);
        return own.Length > 0 && path.StartsWith(own + ".", StringComparison.Ordinal) ? path[(own.Length + 1)..] : path;
    }

    private static OnnxExportException Refusal(OnnxGraph graph, Module module, string problem) => graph.Refusal(problem,
        $"implement {nameof(IOnnxExportable)} in {module.GetType().Name}, or pass {nameof(OnnxConversions)}.{nameof(OnnxConversions.Default)}.{nameof(OnnxConversions.With)}<{module.GetType().Name}>(...) in the options");
}
