namespace Espalier.Models.Endpoints;

/// <summary>An endpoint that answers its likeliest classes with their probabilities.</summary>
internal sealed class HttpTopClassifier(Uri endpoint, IReadOnlyList<long> inputShape, int classCount, HttpClassifierOptions options, InputBounds? bounds)
    : HttpClassifier(endpoint, inputShape, classCount, options, bounds), IPartialScores
{
    private int _known = classCount;

    public int? KnownClasses => _known < ClassCount ? _known : null;

    public Tensor Probabilities(Tensor inputs)
    {
        float[] scores = Send(inputs, ClassCount, (response, count) =>
        {
            (float[] rows, int known) = Answers.TopScores(response, count);
            int before;
            while (known < (before = Volatile.Read(ref _known)) && Interlocked.CompareExchange(ref _known, known, before) != before)
            {
                // Another response came between; look again.
            }

            return rows;
        });
        using var scope = torch.NewDisposeScope();
        Tensor rows = torch.tensor(scores, dtype: torch.float32, device: inputs.device).view(-1, ClassCount);
        return (rows / rows.sum([1], keepdim: true)).MoveToOuterDisposeScope();
    }

    public override Tensor Predict(Tensor inputs)
    {
        using Tensor probabilities = Probabilities(inputs);
        return PredictedClasses.Of(probabilities);
    }
}
