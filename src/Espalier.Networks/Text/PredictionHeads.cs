using TorchSharp.Utils;

namespace Espalier.Networks.Text;

/// <summary>The level between a BERT and its vocabulary head: it gives the parameters Hugging Face's names, <c>cls.predictions</c>.</summary>
internal sealed class PredictionHeads : torch.nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "predictions")]
    private readonly VocabularyHead _predictions;

    public PredictionHeads(VocabularyHead predictions) : base(nameof(PredictionHeads))
    {
        _predictions = predictions;
        register_module("predictions", _predictions);
    }

    public VocabularyHead Predictions => _predictions;

    public override Tensor forward(Tensor input) => _predictions.call(input);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _predictions.Dispose();
        base.Dispose(disposing);
    }
}
