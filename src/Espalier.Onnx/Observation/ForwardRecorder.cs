using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace Espalier.Onnx.Observation;

/// <summary>
/// Watches one run of a model through forward hooks: for each observed module its inputs, its result, and what its children
/// took and gave, in order. Values are copied when they pass, because a later layer may overwrite them.
/// </summary>
internal sealed class ForwardRecorder : IDisposable
{
    private readonly HashSet<Module> _observed;
    private readonly Dictionary<Module, HashSet<Module>> _children;
    private readonly Stack<(Module Module, TracedForward Forward)> _open = new();
    private readonly Stack<(Module Module, Tensor[] Inputs)> _calls = new();
    private readonly List<Action> _unhook = [];

    /// <param name="observed">The modules to watch.</param>
    public ForwardRecorder(IReadOnlyCollection<Module> observed)
    {
        _observed = new(observed, ReferenceEqualityComparer.Instance);
        _children = new(ReferenceEqualityComparer.Instance);
        var hooked = new HashSet<Module>(ReferenceEqualityComparer.Instance);
        foreach (Module module in observed)
        {
            _children[module] = new(CallableChildren(module), ReferenceEqualityComparer.Instance);
            hooked.Add(module);
            hooked.UnionWith(_children[module]);
        }

        foreach (Module module in hooked)
            Hook(module);
    }

    /// <summary>What was seen, for each observed module in the order of its calls.</summary>
    public Dictionary<Module, List<TracedForward>> Forwards { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>A module's children; lists of modules stand for what they hold.</summary>
    public static IEnumerable<Module> CallableChildren(Module module) =>
        module.children().SelectMany(child => IsCallable(child) ? [child] : CallableChildren(child));

    public void Dispose()
    {
        foreach (Action unhook in _unhook)
            unhook();
    }

    private static bool IsCallable(Module module)
    {
        for (Type? type = module.GetType(); type is not null; type = type.BaseType)
        {
            if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(HookableModule<,>))
                return true;
        }

        return false;
    }

    private void Hook(Module module)
    {
        switch (module)
        {
            case Module<Tensor, Tensor> m:
                Add(m.register_forward_pre_hook((_, x) => { Enter(m, x); return null!; }), m.register_forward_hook((_, _, y) => { Leave(m, y); return null!; }));
                break;
            case Module<Tensor, Tensor, Tensor> m:
                Add(m.register_forward_pre_hook((_, a, b) => { Enter(m, a, b); return null; }), m.register_forward_hook((_, _, _, y) => { Leave(m, y); return null!; }));
                break;
            case Module<Tensor, Tensor, Tensor, Tensor> m:
                Add(m.register_forward_pre_hook((_, a, b, c) => { Enter(m, a, b, c); return null; }), m.register_forward_hook((_, _, _, _, y) => { Leave(m, y); return null!; }));
                break;
            case MultiheadAttention m:
                Add(m.register_forward_pre_hook((_, q, k, v, mask, _, other) => { Enter(m, q, k, v, mask, other); return null; }),
                    m.register_forward_hook((_, _, _, _, _, _, _, y) => { Leave(m, y.Item1); return null!; }));
                break;
            case GRU m:
                Add(m.register_forward_pre_hook((_, x, state) => { Enter(m, x, state); return null; }), m.register_forward_hook((_, _, _, y) => { Leave(m, y.Item1, y.Item2); return y; }));
                break;
            case LSTM m:
                Add(m.register_forward_pre_hook((_, x, state) => { Enter(m, x, state?.Item1); return null; }), m.register_forward_hook((_, _, _, y) => { Leave(m, y.Item1, y.Item2); return y; }));
                break;
        }
    }

    private void Add<TPre, TPost>(HookableModule<TPre, TPost>.HookRemover pre, HookableModule<TPre, TPost>.HookRemover post)
    {
        _unhook.Add(pre.remove);
        _unhook.Add(post.remove);
    }

    private void Enter(Module module, params Tensor?[] inputs)
    {
        Tensor[] copies = [.. inputs.TakeWhile(i => i is not null).Select(i => Copy(i!))];
        _calls.Push((module, copies));
        if (_observed.Contains(module))
            _open.Push((module, new TracedForward(copies, [])));
    }

    private void Leave(Module module, params Tensor?[] outputs)
    {
        Tensor[] copies = [.. outputs.TakeWhile(o => o is not null).Select(o => Copy(o!))];
        (_, Tensor[] inputs) = _calls.Pop();
        if (_observed.Contains(module))
        {
            (_, TracedForward forward) = _open.Pop();
            forward.Outputs = copies;
            if (!Forwards.TryGetValue(module, out List<TracedForward>? all))
                Forwards[module] = all = [];
            all.Add(forward);
        }

        if (_open.TryPeek(out var parent) && _children[parent.Module].Contains(module))
            parent.Forward.Calls.Add(new TracedCall(module, inputs, copies));
    }

    // They outlive whatever scope the model opens, and die with the scope of the export.
    private static Tensor Copy(Tensor tensor) => tensor.detach().clone().DetachFromDisposeScope();
}
