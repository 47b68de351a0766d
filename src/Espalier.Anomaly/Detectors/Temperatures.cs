using Espalier.Errors;

namespace Espalier.Anomaly.Detectors;

/// <summary>The one check of a softmax temperature.</summary>
internal static class Temperatures
{
    public static double Checked(double temperature)
    {
        OptionsException.Require(double.IsFinite(temperature) && temperature > 0, "T", temperature, "must be above 0");
        return temperature;
    }
}
