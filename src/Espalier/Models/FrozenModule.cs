using System.Runtime.CompilerServices;
using Module = TorchSharp.torch.nn.Module;

namespace Espalier.Models;

/// <summary>
/// A module in evaluation mode without gradients for its weights, for as long as anybody audits it: the first who asks freezes it, the last
/// who lets go gives it back as it was.
/// </summary>
internal sealed class FrozenModule
{
    private static readonly ConditionalWeakTable<Module, FrozenModule> s_frozen = [];
    private static readonly Lock s_lock = new();

    private readonly Module _module;
    private readonly ModuleModes _modes;
    private readonly (TorchSharp.Modules.Parameter Parameter, bool RequiredGradient)[] _parameters;
    private int _holders;

    private FrozenModule(Module module)
    {
        _module = module;
        _modes = ModuleModes.Evaluate(module);
        _parameters = [.. module.parameters().Select(p => (p, p.requires_grad))];
        foreach ((TorchSharp.Modules.Parameter parameter, _) in _parameters)
            parameter.requires_grad_(false);
    }

    /// <summary>Freezes a module, or joins those who have.</summary>
    public static FrozenModule Take(Module module)
    {
        lock (s_lock)
        {
            if (!s_frozen.TryGetValue(module, out FrozenModule? frozen))
                s_frozen.Add(module, frozen = new FrozenModule(module));
            frozen._holders++;
            return frozen;
        }
    }

    /// <summary>Lets go.</summary>
    public void Release()
    {
        lock (s_lock)
        {
            if (--_holders > 0)
                return;
            s_frozen.Remove(_module);
            foreach ((TorchSharp.Modules.Parameter parameter, bool required) in _parameters)
                parameter.requires_grad_(required);
            _modes.Dispose();
        }
    }
}
