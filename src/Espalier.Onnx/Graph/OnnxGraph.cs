using System.Globalization;
using Espalier.Errors;
using Espalier.Onnx.Conversions;
using Espalier.Onnx.Export;
using Espalier.Onnx.Observation;
using global::Onnx;
using Google.Protobuf;
using Module = TorchSharp.torch.nn.Module;

namespace Espalier.Onnx.Graph;

/// <summary>
/// The ONNX graph of a module while it is built. Weights keep the names that they have in the module's state dict; nodes
/// and values are named after the layer that they come from. Operators are extension methods
/// (<see cref="OnnxArithmetic"/>, <see cref="OnnxShaping"/>, <see cref="OnnxActivations"/>, <see cref="OnnxLayers"/>);
/// what they lack is made with <see cref="Node"/>.
/// </summary>
public sealed class OnnxGraph : IDisposable
{
    private readonly GraphProto _proto = new();
    private readonly OnnxConversions _conversions;
    private readonly ModuleObservations _observations;
    private readonly Dictionary<Module, string> _paths = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<IntPtr, string> _names = [];
    private readonly Dictionary<string, (OnnxValue Value, Tensor Tensor)> _initializers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OnnxValue> _smallConstants = new(StringComparer.Ordinal);
    private readonly Stack<Module> _modules = new();
    private readonly List<Tensor> _owned = [];
    private readonly HashSet<string> _valueNames = new(StringComparer.Ordinal);
    private readonly Dictionary<string, OnnxValue> _shared = new(StringComparer.Ordinal);
    private readonly List<string> _inferred = [];
    private OnnxValue? _sequence;

    /// <summary>Whether modules without a conversion are refused.</summary>
    internal bool Strict { get; init; }

    /// <summary>The modules whose composition was inferred, in words.</summary>
    internal IReadOnlyList<string> Inferred => _inferred;

    internal void AddInferred(string what) => _inferred.Add(what);

    internal OnnxGraph(Module root, OnnxConversions conversions, ModuleObservations observations)
    {
        (_conversions, _observations) = (conversions, observations);
        _paths[root] = "";
        foreach ((string path, Module module) in root.named_modules())
            _paths.TryAdd(module, path);
        foreach ((string name, Tensor parameter) in root.named_parameters())
            Register(name, parameter);
        foreach ((string name, Tensor buffer) in root.named_buffers())
            Register(name, buffer);

        void Register(string name, Tensor tensor)
        {
            if (tensor is not null && _names.TryAdd(tensor.Handle, name))
                _valueNames.Add(name);
        }
    }

    /// <summary>The module whose nodes are being added.</summary>
    public Module Current => _modules.Peek();

    /// <summary>Where <see cref="Current"/> stands in the tree; empty for the root.</summary>
    public string Path => _modules.Count == 0 ? "" : _paths.GetValueOrDefault(Current, Current.GetName());

    /// <summary>The number of tokens where the inputs leave it open (<see cref="OnnxValue.Sequence"/>): [1], int64.</summary>
    /// <exception cref="OnnxExportException">No input leaves it open.</exception>
    public OnnxValue SequenceLength => Shared("tokens", () =>
    {
        OnnxValue input = _sequence ?? throw Refusal("no input has an open number of tokens", "give the number that the shapes have");
        long axis = input.Shape.ToList().IndexOf(OnnxValue.Sequence);
        return Node("Shape", [input], [1], torch.ScalarType.Int64, ("start", axis), ("end", axis + 1));
    });

    /// <summary>Number of nodes so far.</summary>
    internal int NodeCount => _proto.Node.Count;

    /// <summary>The weights and constants that nodes refer to, in the order of their first use.</summary>
    internal IEnumerable<(string Name, Tensor Tensor)> Initializers => _initializers.Select(i => (i.Key, i.Value.Tensor));

    /// <summary>A parameter or buffer of the exported module, under its name in the state dict.</summary>
    /// <param name="tensor">Any tensor that the module has registered; another one becomes a constant.</param>
    public OnnxValue Weight(Tensor tensor) =>
        _names.TryGetValue(tensor.Handle, out string? name) ? Initializer(name, tensor) : Constant(tensor);

    /// <summary>A parameter or buffer of the current module by its name, such as <c>weight</c>.</summary>
    /// <exception cref="OnnxExportException">The module has none of that name.</exception>
    public OnnxValue Weight(string name) => FindWeight(name) ?? throw Refusal($"it has no parameter or buffer '{name}'", "correct its conversion");

    /// <summary>A parameter or buffer of the current module by its name, or null where it has none of that name.</summary>
    public OnnxValue? FindWeight(string name) => (Current.get_parameter(name) ?? Current.get_buffer(name)) is { } tensor ? Weight(tensor) : null;

    /// <summary>A constant tensor.</summary>
    /// <param name="tensor">Copied.</param>
    /// <param name="name">What it is, for its name in the file.</param>
    public OnnxValue Constant(Tensor tensor, string name = "constant")
    {
        Tensor copy = tensor.detach().cpu().contiguous().clone().DetachFromDisposeScope();
        _owned.Add(copy);
        string? key = copy.numel() <= 16 ? $"{copy.dtype}[{string.Join(',', copy.shape)}]{Convert.ToHexString(copy.bytes)}" : null;
        if (key is not null && _smallConstants.TryGetValue(key, out OnnxValue? known))
            return known;
        OnnxValue value = Initializer(Unique(key is null ? Within(name) : name), copy);
        if (key is not null)
            _smallConstants[key] = value;
        return value;
    }

    /// <summary>A constant float32 scalar.</summary>
    public OnnxValue Constant(double value)
    {
        using Tensor tensor = torch.tensor((float)value);
        return Constant(tensor);
    }

    /// <summary>A constant vector of int64, as shapes and axes are given.</summary>
    public OnnxValue Constant(params long[] values)
    {
        using Tensor tensor = torch.tensor(values, dtype: torch.int64);
        return Constant(tensor, "shape");
    }

    /// <summary>Adds an operator with one result.</summary>
    /// <param name="type">The operator's name in the ONNX standard, opset 17.</param>
    /// <param name="inputs">What it takes; an input that is left out is null.</param>
    /// <param name="shape">Shape of its result.</param>
    /// <param name="elements">Type of its result; where null, that of the first input.</param>
    /// <param name="attributes">Its attributes: <see cref="long"/>, <see cref="double"/>, <see cref="string"/> or <c>long[]</c>.</param>
    public OnnxValue Node(string type, IReadOnlyList<OnnxValue?> inputs, IReadOnlyList<long> shape, torch.ScalarType? elements = null, params (string Name, object Value)[] attributes) =>
        Nodes(type, inputs, [shape], elements, attributes)[0];

    /// <summary>Adds an operator with several results of one type.</summary>
    /// <inheritdoc cref="Node"/>
    /// <param name="type">The operator's name in the ONNX standard, opset 17.</param>
    /// <param name="inputs">What it takes; an input that is left out is null.</param>
    /// <param name="shapes">Shapes of its results.</param>
    /// <param name="elements">Type of its results; where null, that of the first input.</param>
    /// <param name="attributes">Its attributes.</param>
    public IReadOnlyList<OnnxValue> Nodes(string type, IReadOnlyList<OnnxValue?> inputs, IReadOnlyList<IReadOnlyList<long>> shapes, torch.ScalarType? elements = null, params (string Name, object Value)[] attributes)
    {
        torch.ScalarType scalar = elements ?? inputs[0]!.Type;
        string name = Unique(Within(type));
        OnnxValue[] outputs = [.. shapes.Select((shape, i) => new OnnxValue(i == 0 ? name : Unique($"{name}.{i}"), scalar, [.. shape]))];
        var node = new NodeProto { OpType = type, Name = name };
        node.Input.AddRange(inputs.Select(i => i?.Name ?? ""));
        node.Output.AddRange(outputs.Select(o => o.Name));
        node.Attribute.AddRange(attributes.Select(a => Attribute(a.Name, a.Value)));
        _proto.Node.Add(node);
        return outputs;
    }

    /// <summary>Adds the nodes of a child of the current module.</summary>
    /// <param name="child">The child's registered name, such as <c>norm</c>.</param>
    /// <param name="inputs">What its <c>forward</c> takes.</param>
    /// <exception cref="OnnxExportException">There is no child of that name, or it cannot be exported.</exception>
    public OnnxValue Call(string child, params OnnxValue[] inputs) => Call(Child(child), inputs);

    /// <summary>Adds the nodes of a module, usually a child of the current one.</summary>
    /// <param name="module">The module.</param>
    /// <param name="inputs">What its <c>forward</c> takes.</param>
    /// <returns>The first, usually only, result.</returns>
    /// <exception cref="OnnxExportException">It cannot be exported.</exception>
    public OnnxValue Call(Module module, params OnnxValue[] inputs) => CallMany(module, inputs)[0];

    /// <summary>Adds the nodes of a module with several results.</summary>
    /// <inheritdoc cref="Call(Module, OnnxValue[])"/>
    /// <returns>Its results.</returns>
    public IReadOnlyList<OnnxValue> CallMany(Module module, IReadOnlyList<OnnxValue> inputs)
    {
        _modules.Push(module);
        try
        {
            if (module is IOnnxExportable exportable)
                return [exportable.Export(this, inputs[0])];
            return _conversions.Find(module.GetType()) is { } conversion
                ? conversion(this, module, inputs)
                : ObservedConversion.Convert(this, module, inputs, _observations);
        }
        finally
        {
            _modules.Pop();
        }
    }

    /// <summary>A child of the current module.</summary>
    /// <param name="name">Its registered name.</param>
    /// <exception cref="OnnxExportException">There is none of that name.</exception>
    public Module Child(string name) => FindChild(name) ?? throw Refusal($"it has no child '{name}'", "correct its conversion");

    /// <summary>A child of the current module, or null where there is none of that name.</summary>
    /// <param name="name">Its registered name.</param>
    public Module? FindChild(string name)
    {
        foreach ((string key, Module child) in Current.named_children())
        {
            if (key == name)
                return child;
        }

        return null;
    }

    /// <summary>The refusal to export the current module.</summary>
    /// <param name="problem">Why.</param>
    /// <param name="remedy">What to do.</param>
    public OnnxExportException Refusal(string problem, string remedy) => new(Path, Current.GetType(), problem, remedy);

    /// <summary>Does something in the name of a child that is not called as a whole.</summary>
    internal T Inside<T>(Module module, Func<T> work)
    {
        _modules.Push(module);
        try
        {
            return work();
        }
        finally
        {
            _modules.Pop();
        }
    }

    /// <summary>A value that several layers need and that is computed once.</summary>
    internal OnnxValue Shared(string key, Func<OnnxValue> make) =>
        _shared.TryGetValue(key, out OnnxValue? known) ? known : _shared[key] = make();

    internal string PathOf(Module module) => _paths.GetValueOrDefault(module, module.GetName());

    internal OnnxValue Input(string name, torch.ScalarType type, IReadOnlyList<long> shape)
    {
        var value = new OnnxValue(Unique(name), type, shape);
        if (shape.Contains(OnnxValue.Sequence))
            _sequence ??= value;
        _proto.Input.Add(Info(value));
        return value;
    }

    /// <summary>Ends the graph.</summary>
    /// <param name="name">The graph's name.</param>
    /// <param name="outputs">The results, each with the name that it shall have.</param>
    internal GraphProto Finish(string name, IReadOnlyList<(OnnxValue Value, string Name)> outputs)
    {
        _proto.Name = name;
        foreach ((OnnxValue value, string wanted) in outputs)
        {
            // A result may also be used inside, or be an input itself: it gets a node of its own.
            string unique = Unique(wanted);
            _proto.Node.Add(new NodeProto { OpType = "Identity", Name = $"output {unique}", Input = { value.Name }, Output = { unique } });
            _proto.Output.Add(Info(value with { Name = unique }));
        }

        return _proto;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor tensor in _owned)
            tensor.Dispose();
        _owned.Clear();
    }

    private static ValueInfoProto Info(OnnxValue value)
    {
        var shape = new TensorShapeProto();
        foreach (long size in value.Shape)
            shape.Dim.Add(OnnxValue.NameOf(size) is { } name ? new TensorShapeProto.Types.Dimension { DimParam = name } : new TensorShapeProto.Types.Dimension { DimValue = size });
        return new ValueInfoProto { Name = value.Name, Type = new TypeProto { TensorType = new() { ElemType = (int)OnnxElement.Of(value.Type), Shape = shape } } };
    }

    private static AttributeProto Attribute(string name, object value)
    {
        var attribute = new AttributeProto { Name = name };
        switch (value)
        {
            case long number:
                (attribute.Type, attribute.I) = (AttributeProto.Types.AttributeType.Int, number);
                break;
            case double number:
                (attribute.Type, attribute.F) = (AttributeProto.Types.AttributeType.Float, (float)number);
                break;
            case string text:
                (attribute.Type, attribute.S) = (AttributeProto.Types.AttributeType.String, ByteString.CopyFromUtf8(text));
                break;
            case long[] numbers:
                attribute.Type = AttributeProto.Types.AttributeType.Ints;
                attribute.Ints.AddRange(numbers);
                break;
            default:
                throw new OptionsException(name, value.GetType().Name, "must be a long, a double, a string or an array of long");
        }

        return attribute;
    }

    private OnnxValue Initializer(string name, Tensor tensor)
    {
        if (_initializers.TryGetValue(name, out var known))
            return known.Value;
        if (!OnnxElement.Has(tensor.dtype))
            throw Refusal($"'{name}' has type {tensor.dtype}, which ONNX lacks", "convert it first");
        if (tensor.dtype == torch.ScalarType.Float64)
            throw Refusal($"'{name}' has type float64", "export it in float32: module.to(torch.float32)");
        var value = new OnnxValue(name, tensor.dtype, tensor.shape);
        _initializers[name] = (value, tensor);
        return value;
    }

    private string Within(string name) => Path.Length == 0 ? name : $"{Path}.{name}";

    private string Unique(string name)
    {
        string unique = name;
        for (int i = 1; !_valueNames.Add(unique); i++)
            unique = string.Create(CultureInfo.InvariantCulture, $"{name}_{i}");
        return unique;
    }
}
