using Module = TorchSharp.torch.nn.Module;

namespace Espalier.Onnx;

/// <summary>Puts a module into evaluation mode and gives every layer its own mode back.</summary>
internal sealed class EvaluationMode : IDisposable
{
    private readonly (Module Module, bool Training)[] _modes;

    public EvaluationMode(Module module)
    {
        _modes = [(module, module.training), .. module.named_modules().Select(m => (m.module, m.module.training))];
        module.eval();
    }

    public void Dispose()
    {
        // Setting a parent's mode sets its children's, which come after it.
        foreach ((Module module, bool training) in _modes)
            module.train(training);
    }
}
