using TorchSharp.Modules;
using TorchSharp.Utils;

namespace Espalier.Networks.Text;

/// <summary>The level that gives BERT's blocks Hugging Face's names, <c>encoder.layer.i</c>.</summary>
internal sealed class BertLayers : torch.nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "layer")]
    private readonly ModuleList<BertBlock> _layer = [];

    public BertLayers(BertOptions options) : base(nameof(BertLayers))
    {
        for (int i = 0; i < options.Layers; i++)
            _layer.Add(new BertBlock(options));
        register_module("layer", _layer);
    }

    public IReadOnlyList<BertBlock> Blocks => [.. _layer];

    public override Tensor forward(Tensor input) => _layer.Aggregate(input, (x, block) => block.call(x));

    public void Initialize(torch.Generator generator)
    {
        foreach (BertBlock block in _layer)
            block.Initialize(generator);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _layer.Dispose();
        base.Dispose(disposing);
    }
}
