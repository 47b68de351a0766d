using Espalier.Models;

namespace Espalier.Data;

/// <summary>What a model says of a whole data set, batch by batch.</summary>
public static class DatasetAnswers
{
    /// <summary>Probabilities of all samples.</summary>
    /// <param name="classifier">The model.</param>
    /// <param name="data">The data, on the model's device.</param>
    /// <param name="cancellationToken">Checked before each batch.</param>
    /// <returns>[n, classes]; in the caller's dispose scope.</returns>
    public static Tensor Probabilities(IScoringClassifier classifier, Dataset data, CancellationToken cancellationToken = default) =>
        Of(data, classifier.Probabilities, cancellationToken);

    /// <summary>Any answer of one row per sample.</summary>
    /// <param name="data">The data.</param>
    /// <param name="answer">From inputs [batch, ...] to [batch, ...].</param>
    /// <param name="cancellationToken">Checked before each batch.</param>
    /// <returns>[n, ...]; in the caller's dispose scope.</returns>
    public static Tensor Of(Dataset data, Func<Tensor, Tensor> answer, CancellationToken cancellationToken = default)
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var parts = new List<Tensor>();
        foreach (LabelledBatch batch in data.Batches())
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var part = torch.NewDisposeScope();
            parts.Add(answer(batch.Inputs).MoveToOuterDisposeScope());
        }

        return (parts.Count == 1 ? parts[0] : torch.cat(parts)).MoveToOuterDisposeScope();
    }
}
