using Espalier.Models;

namespace Espalier.Recipes.Stages;

/// <summary>Turns tensors into what a stage's record keeps.</summary>
internal static class ImageSamples
{
    /// <summary>The inputs with what a classifier makes of them.</summary>
    /// <param name="classifier">The model.</param>
    /// <param name="inputs">[n, ...].</param>
    /// <param name="labels">[n], int64.</param>
    public static IReadOnlyList<ImageSample> Of(IScoringClassifier classifier, Tensor inputs, Tensor labels)
    {
        using var scope = torch.NewDisposeScope();
        (Tensor confidence, Tensor predicted) = classifier.Probabilities(inputs).max(1);
        float[] confidences = Floats(confidence);
        long[] predictions = predicted.cpu().data<long>().ToArray();
        long[] truth = labels.cpu().data<long>().ToArray();
        IReadOnlyList<float>[] values = Rows(inputs);
        return [.. Enumerable.Range(0, truth.Length).Select(i => new ImageSample(values[i], (int)truth[i], (int)predictions[i], confidences[i]))];
    }

    /// <summary>Each input's values in row-major order.</summary>
    /// <param name="inputs">[n, ...].</param>
    public static IReadOnlyList<float>[] Rows(Tensor inputs)
    {
        using Tensor flat = inputs.detach().reshape(inputs.shape[0], -1);
        float[] all = Floats(flat);
        int width = (int)flat.shape[1];
        return [.. all.Chunk(width)];
    }

    /// <summary>All values in row-major order.</summary>
    public static float[] Floats(Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        return tensor.detach().to(torch.float32).cpu().contiguous().reshape(-1).data<float>().ToArray();
    }
}
