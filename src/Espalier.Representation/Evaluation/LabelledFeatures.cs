using Espalier.Errors;

namespace Espalier.Representation.Evaluation;

/// <summary>Checks of features and labels, done once at the entrance.</summary>
internal static class LabelledFeatures
{
    /// <summary>Checks that features are [n, d] with at least <paramref name="atLeast"/> rows, and finite.</summary>
    public static void Check(Tensor features, string name, int atLeast = 1)
    {
        if (features.shape is not [_, var width] || width < 1 || !features.is_floating_point())
            throw new ShapeException(name, features.shape, "[n, d], of floating point");
        if (features.shape[0] < atLeast)
            throw new DataException(name, $"has {features.shape[0]} rows", $"give at least {atLeast}");
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor finite = features.detach().isfinite();
        if (finite.all().item<bool>())
            return;
        long at = finite.logical_not().flatten().to(torch.int64).argmax().item<long>();
        throw new DataException(name, $"row {at / width}, dimension {at % width} is NaN or infinite", "find the input that the encoder answers with it");
    }

    /// <summary>Checks that both have the same width.</summary>
    public static void CheckWidth(Tensor features, string name, Tensor like, string likeName)
    {
        if (features.shape[1] != like.shape[1])
            throw new ShapeException(name, features.shape, $"[n, {like.shape[1]}], as {likeName} has");
    }

    /// <summary>The labels as an array.</summary>
    /// <param name="labels">[n], integers of at least 0.</param>
    /// <param name="name">What they are called.</param>
    /// <param name="count">n.</param>
    public static long[] Labels(Tensor labels, string name, long count)
    {
        if (labels.shape is not [var n] || n != count || labels.is_floating_point())
            throw new ShapeException(name, labels.shape, $"[{count}], integers, one per row of features");
        using var scope = torch.NewDisposeScope();
        long[] values = labels.to(torch.int64).cpu().contiguous().data<long>().ToArray();
        int bad = Array.FindIndex(values, l => l < 0);
        return bad < 0 ? values : throw new DataException(name, $"label {values[bad]} of row {bad} is negative", "labels start at 0");
    }

    /// <summary>Refuses labels that are all alike: there is nothing to tell apart.</summary>
    public static void RequireTwoClasses(long[] labels, string name)
    {
        if (Array.TrueForAll(labels, l => l == labels[0]))
            throw new DataException(name, $"every label is {labels[0]}", "give at least two classes");
    }
}
