using Espalier.Models;

namespace Espalier.Data;

/// <summary>Classifiers of a data set.</summary>
public static class ClassifierData
{
    extension(TorchClassifier)
    {
        /// <summary>A module as a classifier of a data set: its input shape, classes and bounds are the data's.</summary>
        /// <param name="network">Maps [batch, ...] to logits [batch, classes]; stays the caller's.</param>
        /// <param name="data">The data set.</param>
        /// <example><code>using var classifier = TorchClassifier.For(network, data.Splits.Test);</code></example>
        public static TorchClassifier For(torch.nn.Module<Tensor, Tensor> network, Dataset data) =>
            new(network, data.InputShape, data.ClassCount, data.Bounds);
    }
}
