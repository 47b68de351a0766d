using System.Runtime.InteropServices;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Robustness.Attacks.Execution;

/// <summary>A model under attack: what is asked of it is counted, and what it answers is checked.</summary>
/// <param name="classifier">The model.</param>
/// <param name="meter">Where it is counted.</param>
/// <param name="inputs">[n, ...]: all inputs of the run, of whatever batch or worker; null where they do not matter.</param>
internal sealed class AttackTarget(IClassifier classifier, QueryMeter meter, Tensor? inputs = null)
{
    private readonly Lazy<long[]?> _order = new(() => inputs is null ? null : OrderOfContent(inputs));

    private const double LeastProbability = 1e-30;

    public IClassifier Classifier { get; } = classifier;

    public QueryMeter Meter => meter;

    /// <summary>Inputs that attacks on labels may start from, [n, ...]: the same for all batches and orders, so that these do not matter.</summary>
    /// <returns>In the caller's dispose scope; null where there are none.</returns>
    public Tensor? StartingInputs()
    {
        if (_order.Value is not { } order)
            return null;
        using Tensor rows = torch.tensor(order, device: inputs!.device);
        return inputs.index_select(0, rows);
    }

    /// <summary>Inputs of a precision that attacks compute in: float32 and float64 as they are, others as float32.</summary>
    public static Tensor Precise(Tensor inputs) => inputs.dtype == torch.float32 || inputs.dtype == torch.float64 ? inputs.alias() : inputs.to(torch.float32);

    /// <summary>What the model offers.</summary>
    public static Access Offers(IClassifier classifier) => classifier switch
    {
        IDifferentiableClassifier => Access.Gradients,
        IScoringClassifier => Access.Scores,
        _ => Access.Labels,
    };

    /// <summary>Logits with a graph back to the inputs, [batch, classes], of the inputs' type.</summary>
    /// <exception cref="ModelOutputException">They are no numbers, or no graph leads to the inputs.</exception>
    public Tensor Logits(Tensor inputs)
    {
        meter.Spend(inputs.shape[0]);
        Tensor logits = Checked(Asked(() => ((IDifferentiableClassifier)Classifier).Logits(inputs.clone()), inputs), inputs);
        if (!logits.requires_grad)
        {
            throw new ModelOutputException("the model's logits", "have no gradient with respect to the inputs",
                "something in the model cuts the graph (rounding, thresholds, argmax): give a smooth stand-in for the backward pass, or take an attack that needs scores only, such as square");
        }

        return logits;
    }

    /// <summary>Logits, or logarithms of probabilities where the model gives no more: their differences are the same. No graph.</summary>
    /// <returns>[batch, classes], of the inputs' type.</returns>
    /// <exception cref="ModelOutputException">They are no numbers.</exception>
    public Tensor Scores(Tensor inputs)
    {
        using var noGradients = torch.no_grad();
        meter.Spend(inputs.shape[0]);
        return Checked(Asked(() => Classifier is IDifferentiableClassifier differentiable
            ? differentiable.Logits(inputs.clone())
            : ((IScoringClassifier)Classifier).Probabilities(inputs.clone()).to(inputs.dtype).clamp_min(LeastProbability).log(), inputs), inputs);
    }

    /// <summary>Predicted labels, [batch].</summary>
    /// <exception cref="ModelOutputException">They are no classes.</exception>
    public Tensor Predict(Tensor inputs)
    {
        using var noGradients = torch.no_grad();
        meter.Spend(inputs.shape[0]);
        Tensor labels = Asked(() => Classifier.Predict(inputs.clone()), inputs);
        if (labels.shape is not [var rows] || rows != inputs.shape[0])
            throw new ModelOutputException("the model's labels", $"have shape [{string.Join(", ", labels.shape)}]", $"expected [{inputs.shape[0]}]");
        foreach (long label in HostValues.Longs(labels))
        {
            if (label < 0 || label >= Classifier.ClassCount)
                throw new ModelOutputException("the model's labels", $"hold {label}", $"expected classes from 0 to {Classifier.ClassCount - 1}");
        }

        return labels;
    }

    // What libtorch says of a model that fails is a trace; a user wants the inputs that it failed on.
    private static Tensor Asked(Func<Tensor> ask, Tensor inputs)
    {
        try
        {
            return ask();
        }
        catch (ExternalException error)
        {
            throw new ModelOutputException("the model", $"fails on inputs of type {inputs.dtype} and shape [{string.Join(", ", inputs.shape)}]: {error.Message.Split('\n')[0]}",
                "give inputs of the type and shape that it takes", error);
        }
    }

    // In the order of the keys, the rows are a function of the set.
    private static long[] OrderOfContent(Tensor inputs)
    {
        UInt128[] keys = RowKeys.Of(inputs);
        long[] order = [.. Enumerable.Range(0, keys.Length).Select(i => (long)i)];
        Array.Sort(keys, order);
        return order;
    }

    private Tensor Checked(Tensor scores, Tensor inputs)
    {
        if (scores.shape is not [var rows, var columns] || rows != inputs.shape[0] || columns != Classifier.ClassCount)
            throw new ModelOutputException("the model's output", $"has shape [{string.Join(", ", scores.shape)}]", $"expected [{inputs.shape[0]}, {Classifier.ClassCount}]");
        if (!HostValues.AreFinite(scores))
        {
            throw new ModelOutputException("the model's output", "holds values that are no finite numbers",
                "a model that cannot be read cannot be judged: look for overflow, a division by zero or a logarithm of zero in it");
        }

        // An iterate is made of losses, steps and gradients: one of another type would change the type of the next.
        return scores.to(inputs.dtype);
    }
}
