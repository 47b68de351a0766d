using System.Globalization;
using Espalier.Errors;

namespace Espalier.Networks;

/// <summary>Refuses networks that no machine holds, before a weight of them is made.</summary>
internal static class NetworkSize
{
    /// <summary>The most weights: 40 GB of them in float32.</summary>
    private const double Most = 1e10;

    /// <summary>Also layers without weights cost time and memory.</summary>
    private const int MostLayers = 10_000;

    /// <summary>Checks sizes that have each been checked to be positive.</summary>
    /// <param name="option">The option to name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="layers">Blocks of the network.</param>
    /// <param name="weightsOfEach">Weights of a block, about.</param>
    /// <exception cref="OptionsException">There are too many of either.</exception>
    public static void Require(string option, object? value, double layers, double weightsOfEach)
    {
        OptionsException.Require(layers <= MostLayers, option, value, string.Create(CultureInfo.InvariantCulture, $"makes {layers:0} layers: at most {MostLayers} are made"));
        OptionsException.Require(layers * weightsOfEach <= Most, option, value, string.Create(CultureInfo.InvariantCulture, $"makes a network of about {layers * weightsOfEach:0.#e0} weights: at most {Most:0e0} are made"));
    }
}
