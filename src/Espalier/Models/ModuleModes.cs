using Module = TorchSharp.torch.nn.Module;

namespace Espalier.Models;

/// <summary>
/// The training or evaluation mode of a module and of every layer in it. <c>module.train()</c> and <c>module.eval()</c> set all layers
/// alike, which would unfreeze a batch norm that the caller froze with <c>eval()</c>; dispose of this object to give each layer its own
/// mode back.
/// </summary>
public sealed class ModuleModes : IDisposable
{
    private readonly (Module Module, bool Training)[] _modes;

    private ModuleModes(Module module) => _modes = [(module, module.training), .. module.named_modules().Select(m => (m.module, m.module.training))];

    /// <summary>Remembers the modes and leaves them as they are.</summary>
    /// <param name="module">The module.</param>
    public static ModuleModes Keep(Module module) => new(module);

    /// <summary>Remembers the modes and puts every layer into evaluation mode.</summary>
    /// <param name="module">The module.</param>
    public static ModuleModes Evaluate(Module module)
    {
        var modes = new ModuleModes(module);
        module.eval();
        return modes;
    }

    /// <summary>
    /// Puts a module into training mode. One that is in training mode already keeps its layers as they are, so that frozen layers stay in
    /// evaluation mode; one in evaluation mode is set as a whole.
    /// </summary>
    /// <param name="module">The module.</param>
    public static void Train(Module module)
    {
        if (!module.training)
            module.train();
    }

    /// <summary>Gives the layers of one module the modes of another's layers of the same names; other layers stay as they are.</summary>
    /// <param name="from">Has the modes.</param>
    /// <param name="to">Takes them.</param>
    public static void Copy(Module from, Module to)
    {
        Dictionary<string, bool> modes = from.named_modules().ToDictionary(m => m.name, m => m.module.training);
        to.train(from.training);
        foreach ((string name, Module module) in to.named_modules())
        {
            if (modes.TryGetValue(name, out bool training))
                module.train(training);
        }
    }

    /// <summary>Gives every layer the mode that it had.</summary>
    public void Dispose()
    {
        // Setting a parent's mode sets its children's, which come after it.
        foreach ((Module module, bool training) in _modes)
            module.train(training);
    }
}
