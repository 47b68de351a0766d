using Espalier.Models;

namespace Espalier.Robustness;

/// <summary>A model under attack: what is asked of it is counted, and what it answers is checked.</summary>
/// <param name="classifier">The model.</param>
/// <param name="meter">Where it is counted.</param>
/// <param name="inputs">[n, ...]: all inputs of the run, of whatever batch or worker; null where they do not matter.</param>
internal sealed class AttackTarget(IClassifier classifier, QueryMeter meter, Tensor? inputs = null)
{
    private const double LeastProbability = 1e-30;

    public IClassifier Classifier { get; } = classifier;

    public QueryMeter Meter => meter;

    /// <summary>Inputs that attacks on labels may start from: the same for all batches, so that these do not matter.</summary>
    public Tensor? Inputs => inputs;

    /// <summary>What the model offers.</summary>
    public static Access Offers(IClassifier classifier) => classifier switch
    {
        IDifferentiableClassifier => Access.Gradients,
        IScoringClassifier => Access.Scores,
        _ => Access.Labels,
    };

    /// <summary>Logits with a graph back to the inputs, [batch, classes].</summary>
    /// <exception cref="ModelOutputException">They are no numbers, or no graph leads to the inputs.</exception>
    public Tensor Logits(Tensor inputs)
    {
        meter.Spend(inputs.shape[0]);
        Tensor logits = Checked(((IDifferentiableClassifier)Classifier).Logits(inputs), inputs);
        if (!logits.requires_grad)
        {
            throw new ModelOutputException("the model's logits", "have no gradient with respect to the inputs",
                "something in the model cuts the graph (rounding, thresholds, argmax): give a smooth stand-in for the backward pass, or take an attack that needs scores only, such as square");
        }

        return logits;
    }

    /// <summary>Logits, or logarithms of probabilities where the model gives no more: their differences are the same. No graph.</summary>
    /// <returns>[batch, classes].</returns>
    /// <exception cref="ModelOutputException">They are no numbers.</exception>
    public Tensor Scores(Tensor inputs)
    {
        using var noGradients = torch.no_grad();
        meter.Spend(inputs.shape[0]);
        return Checked(Classifier is IDifferentiableClassifier differentiable
            ? differentiable.Logits(inputs)
            : ((IScoringClassifier)Classifier).Probabilities(inputs).clamp_min(LeastProbability).log(), inputs);
    }

    /// <summary>Predicted labels, [batch].</summary>
    public Tensor Predict(Tensor inputs)
    {
        using var noGradients = torch.no_grad();
        meter.Spend(inputs.shape[0]);
        return Classifier.Predict(inputs);
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

        return scores;
    }
}
