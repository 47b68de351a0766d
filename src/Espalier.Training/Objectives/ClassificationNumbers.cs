using Espalier.Data;
using Espalier.Metrics;

namespace Espalier.Training.Objectives;

/// <summary>How well a classifier does on labelled data, batch by batch.</summary>
public static class ClassificationNumbers
{
    /// <summary><c>loss</c> (mean log loss) and <c>accuracy</c> of a model as it stands, without gradients.</summary>
    /// <param name="model">Maps inputs [batch, ...] to logits [batch, classes], in evaluation mode.</param>
    /// <param name="data">What to judge it on, on the model's device.</param>
    public static Dictionary<string, double> Of(torch.nn.Module<Tensor, Tensor> model, ISampleSource<LabelledBatch> data)
    {
        using var noGradients = torch.no_grad();
        (double loss, double right) = (0, 0);
        foreach (LabelledBatch batch in data.InBatches())
        {
            using var scope = torch.NewDisposeScope();
            Tensor probabilities = torch.nn.functional.softmax(model.call(batch.Inputs), 1);
            loss += LogLoss.Of(probabilities, batch.Labels) * batch.Count;
            right += Accuracy.Of(probabilities, batch.Labels) * batch.Count;
        }

        return new() { ["loss"] = loss / data.Count, ["accuracy"] = right / data.Count };
    }
}
