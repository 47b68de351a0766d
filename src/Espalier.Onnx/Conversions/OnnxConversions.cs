using System.Collections.Immutable;
using Espalier.Onnx.Graph;
using Module = TorchSharp.torch.nn.Module;

namespace Espalier.Onnx.Conversions;

/// <summary>
/// How module types are written in ONNX. Immutable: <see cref="With{TModule}(Func{OnnxGraph, TModule, OnnxValue, OnnxValue})"/>
/// gives a set with one more. A type without a conversion of its own takes that of its nearest base type.
/// </summary>
public sealed class OnnxConversions
{
    private readonly ImmutableDictionary<Type, Func<OnnxGraph, Module, IReadOnlyList<OnnxValue>, IReadOnlyList<OnnxValue>>> _conversions;

    private OnnxConversions(ImmutableDictionary<Type, Func<OnnxGraph, Module, IReadOnlyList<OnnxValue>, IReadOnlyList<OnnxValue>>> conversions) => _conversions = conversions;

    /// <summary>No conversion at all.</summary>
    public static OnnxConversions None { get; } = new(ImmutableDictionary<Type, Func<OnnxGraph, Module, IReadOnlyList<OnnxValue>, IReadOnlyList<OnnxValue>>>.Empty);

    /// <summary>TorchSharp's layers and every network of Espalier.</summary>
    public static OnnxConversions Default { get; } = NetworkConversions.AddTo(LayerConversions.AddTo(None));

    /// <summary>The types that have a conversion of their own.</summary>
    public IEnumerable<Type> Types => _conversions.Keys;

    /// <summary>Adds the conversion of a module from one value to one value; it replaces an earlier one.</summary>
    /// <typeparam name="TModule">The module's type, or a base type of several.</typeparam>
    /// <param name="conversion">Adds the nodes of the module's <c>forward</c> in evaluation mode and gives its result.</param>
    public OnnxConversions With<TModule>(Func<OnnxGraph, TModule, OnnxValue, OnnxValue> conversion)
        where TModule : Module => WithMany<TModule>((graph, module, inputs) => [conversion(graph, module, inputs[0])]);

    /// <summary>Adds the conversion of a module with several inputs or results; it replaces an earlier one.</summary>
    /// <typeparam name="TModule">The module's type, or a base type of several.</typeparam>
    /// <param name="conversion">Takes the tensors that <c>forward</c> takes, without those that are null at the end, and gives the tensors that it returns.</param>
    public OnnxConversions WithMany<TModule>(Func<OnnxGraph, TModule, IReadOnlyList<OnnxValue>, IReadOnlyList<OnnxValue>> conversion)
        where TModule : Module => new(_conversions.SetItem(typeof(TModule), (graph, module, inputs) => conversion(graph, (TModule)module, inputs)));

    internal Func<OnnxGraph, Module, IReadOnlyList<OnnxValue>, IReadOnlyList<OnnxValue>>? Find(Type module)
    {
        for (Type? type = module; type is not null && type != typeof(Module); type = type.BaseType)
        {
            if (_conversions.TryGetValue(type, out var conversion))
                return conversion;
        }

        return null;
    }
}
