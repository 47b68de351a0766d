using Espalier.Errors;
using Espalier.Models.Endpoints;
using Espalier.Networks.Checkpoints;

namespace Espalier.Recipes;

/// <summary>What has to be said of a model that is no run's.</summary>
public sealed record AuditTargetOptions
{
    /// <summary>The data set whose test split the model is judged on; an ONNX file of Espalier's knows its own.</summary>
    public string? Data { get; init; }

    /// <summary>For a file of weights: the network, such as <c>tiny_cnn</c>.</summary>
    public string? Architecture { get; init; }

    /// <summary>For a file of weights: whose names it uses.</summary>
    public CheckpointLayout Layout { get; init; }

    /// <summary>Whether averaged weights are taken; where null, if there are any.</summary>
    public bool? Averaged { get; init; }

    /// <summary>For a run: other weights of the same network.</summary>
    public string? Weights { get; init; }

    /// <summary>For an endpoint: what it answers.</summary>
    public HttpAnswer Answers { get; init; }

    /// <summary>For an endpoint elsewhere than here: that it is one's own, and may be sent as many requests as an attack takes.</summary>
    public bool OwnEndpoint { get; init; }

    /// <summary>Whether only labels may be asked for, as of an endpoint that gives no more.</summary>
    public bool LabelsOnly { get; init; }

    /// <summary>Whether only probabilities may be asked for.</summary>
    public bool ScoresOnly { get; init; }

    /// <summary>Checks what can be checked without the model.</summary>
    /// <exception cref="OptionsException">Two values contradict each other.</exception>
    public void Validate() => OptionsException.Require(!(LabelsOnly && ScoresOnly), nameof(ScoresOnly), ScoresOnly, "must be false beside labelsOnly, which gives less");
}
