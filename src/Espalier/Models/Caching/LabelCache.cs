namespace Espalier.Models.Caching;

/// <summary>Keeps labels.</summary>
internal sealed class LabelCache(IClassifier classifier, int capacity) : QueryCache(classifier, capacity)
{
    public override Tensor Predict(Tensor inputs)
    {
        using Tensor labels = Answers(inputs, x => Inner.Predict(x).unsqueeze(1));
        return labels.squeeze(1).to(torch.int64);
    }
}
