using Espalier.Errors;
using Espalier.Training.Loop;
using TorchSharp.Modules;

namespace Espalier.Training.Averages;

/// <summary>
/// The parameters of an averaged model by every name that they have: those that train lie in the flat buffer, frozen ones stay the
/// model's own, tied ones have several names.
/// </summary>
internal sealed class EmaNames
{
    private readonly Dictionary<string, (EmaSource Source, long[] Shape)> _sources = [];

    public EmaNames(torch.nn.Module module, FlatParameters parameters)
    {
        var slices = parameters.Slices.ToDictionary(s => s.Name);
        (string Name, Parameter Parameter)[] named = [.. module.named_parameters().Select(p => (p.name, p.parameter))];
        Dictionary<IntPtr, FlatSlice> byHandle = [];
        foreach ((string name, Parameter parameter) in named)
        {
            if (slices.TryGetValue(name, out FlatSlice? slice))
                byHandle[parameter.Handle] = slice;
        }

        foreach ((string name, Parameter parameter) in named)
        {
            EmaSource source = byHandle.TryGetValue(parameter.Handle, out FlatSlice? slice) ? new(slice, null) : new(null, parameter);
            _sources[name] = (source, parameter.shape);
        }
    }

    /// <summary>Every parameter by name.</summary>
    public IEnumerable<(string Name, EmaSource Source)> All => _sources.Select(s => (s.Key, s.Value.Source));

    /// <summary>What a parameter of another module takes.</summary>
    /// <exception cref="CheckpointException">The averaged model has no such parameter, or one of another shape.</exception>
    public EmaSource Find(string name, Tensor parameter) => _sources.TryGetValue(name, out (EmaSource Source, long[] Shape) found) && found.Shape.SequenceEqual(parameter.shape)
        ? found.Source
        : throw new CheckpointException(name, "is no parameter of the averaged model, or has another shape there", "give a module whose parameters are some of the model's");
}
