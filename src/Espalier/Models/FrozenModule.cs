using System.Runtime.CompilerServices;
using Module = TorchSharp.torch.nn.Module;

namespace Espalier.Models;

/// <summary>
/// A module in evaluation mode whose parameters need no gradient, until this is disposed of. Several may hold one module; whichever
/// is disposed of first, the module stays frozen for the others, and after the last it is as it was before the first.
/// </summary>
internal sealed class FrozenModule : IDisposable
{
    private static readonly ConditionalWeakTable<Module, List<FrozenModule>> s_holders = [];

    private readonly Module _module;
    private (ModuleModes Modes, (TorchSharp.Modules.Parameter Parameter, bool RequiredGradient)[] Parameters) _before;

    public FrozenModule(Module module)
    {
        _module = module;
        List<FrozenModule> holders = s_holders.GetOrCreateValue(module);
        lock (holders)
        {
            _before = (ModuleModes.Evaluate(module), [.. module.parameters().Select(p => (p, p.requires_grad))]);
            foreach ((TorchSharp.Modules.Parameter parameter, _) in _before.Parameters)
                parameter.requires_grad_(false);
            holders.Add(this);
        }
    }

    /// <summary>The type of the first parameter of a floating-point type; null where there is none.</summary>
    public torch.ScalarType? Precision => _before.Parameters.FirstOrDefault(p => p.Parameter.is_floating_point()).Parameter?.dtype;

    public void Dispose()
    {
        List<FrozenModule> holders = s_holders.GetOrCreateValue(_module);
        lock (holders)
        {
            int place = holders.IndexOf(this);
            if (place < 0)
                return;
            holders.RemoveAt(place);
            if (place < holders.Count)
            {
                // The next one found the module as this one had left it: it gives back what this one found.
                holders[place]._before = _before;
                return;
            }

            foreach ((TorchSharp.Modules.Parameter parameter, bool required) in _before.Parameters)
                parameter.requires_grad_(required);
            _before.Modes.Dispose();
        }
    }
}
