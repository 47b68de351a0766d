using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Policies;

/// <summary>What an attack of the catalogue is made from.</summary>
/// <param name="Norm">What measures a change.</param>
/// <param name="Epsilon">The largest change, in the inputs' unit.</param>
/// <param name="Steps">Steps; the attack's own number where null.</param>
/// <param name="Settings">What else it is told, by name.</param>
public sealed record StageSettings(Norm Norm, double Epsilon, int? Steps = null, IReadOnlyDictionary<string, double>? Settings = null)
{
    internal int Whole(string name, int otherwise)
    {
        if (Settings is null || !Settings.TryGetValue(name, out double value))
            return otherwise;
        OptionsException.Require(value == Math.Floor(value) && Math.Abs(value) <= int.MaxValue, name, value, "must be a whole number");
        return (int)value;
    }

    internal double Value(string name, double otherwise) => Settings is not null && Settings.TryGetValue(name, out double value) ? value : otherwise;
}
