namespace Espalier.Models.Caching;

/// <summary>Keeps probabilities; labels are read off them.</summary>
internal sealed class ScoreCache(IScoringClassifier classifier, int capacity) : QueryCache(classifier, capacity), IPartialScores
{
    public int? KnownClasses => (Inner as IPartialScores)?.KnownClasses;

    public Tensor Probabilities(Tensor inputs) => Answers(inputs, ((IScoringClassifier)Inner).Probabilities);

    public override Tensor Predict(Tensor inputs)
    {
        using Tensor probabilities = Probabilities(inputs);
        return PredictedClasses.Of(probabilities);
    }
}
