namespace Espalier.Models.Endpoints;

/// <summary>An endpoint that answers labels.</summary>
internal sealed class HttpLabelClassifier(Uri endpoint, IReadOnlyList<long> inputShape, int classCount, HttpClassifierOptions options, InputBounds? bounds)
    : HttpClassifier(endpoint, inputShape, classCount, options, bounds)
{
    public override Tensor Predict(Tensor inputs) => torch.tensor(Send(inputs, 1, Answers.Labels), dtype: torch.int64, device: inputs.device);
}
