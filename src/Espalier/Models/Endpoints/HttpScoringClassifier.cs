namespace Espalier.Models.Endpoints;

/// <summary>An endpoint that answers probabilities or logits.</summary>
internal sealed class HttpScoringClassifier(Uri endpoint, IReadOnlyList<long> inputShape, int classCount, HttpClassifierOptions options, InputBounds? bounds)
    : HttpClassifier(endpoint, inputShape, classCount, options, bounds), IScoringClassifier
{
    private readonly bool _isLogits = options.Answer == HttpAnswer.Logits;

    public Tensor Probabilities(Tensor inputs)
    {
        float[] scores = Send(inputs, ClassCount, Answers.Scores);
        using var scope = torch.NewDisposeScope();
        Tensor rows = torch.tensor(scores, dtype: torch.float32, device: inputs.device).view(-1, ClassCount);
        return (_isLogits ? rows.softmax(1) : rows / rows.sum([1], keepdim: true)).MoveToOuterDisposeScope();
    }

    public override Tensor Predict(Tensor inputs)
    {
        using Tensor probabilities = Probabilities(inputs);
        return PredictedClasses.Of(probabilities);
    }
}
