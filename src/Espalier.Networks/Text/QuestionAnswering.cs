using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Text;

/// <summary>Finds the answer to a question in a text: two logits per token, that the answer starts there and that it ends there (Devlin et al. 2019).</summary>
public sealed class QuestionAnswering : Module<Tensor, Tensor>
{
    [ComponentName(Name = "encoder")]
    private readonly TextEncoder _encoder;

    [ComponentName(Name = "qa_outputs")]
    private readonly Linear _outputs;

    /// <summary>Creates the model.</summary>
    /// <param name="encoder">The network; from now on the model's.</param>
    /// <param name="seed">Of the head's weights.</param>
    public QuestionAnswering(TextEncoder encoder, int seed = 0) : base(nameof(QuestionAnswering))
    {
        _encoder = encoder;
        _outputs = Linear(encoder.Width, 2);
        register_module(encoder.ChildName, _encoder);
        register_module("qa_outputs", _outputs);
        using var generator = new torch.Generator(unchecked((ulong)seed + 1));
        Initialization.Normal(_outputs.weight!, 0.02, generator);
        Initialization.Constant(_outputs.bias!, 0);
    }

    /// <summary>The network below the head.</summary>
    public TextEncoder Encoder => _encoder;

    /// <param name="input">Token ids of question and text, [batch, m].</param>
    /// <returns>[batch, m, 2]: logits of start and end.</returns>
    public override Tensor forward(Tensor input) => _outputs.call(_encoder.call(input));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _encoder.Dispose();
            _outputs.Dispose();
        }

        base.Dispose(disposing);
    }
}
