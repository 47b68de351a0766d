using Espalier.Errors;
using Espalier.Models;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Tests.Models;

/// <summary>Features are those of the last linear layer only where that layer gives the logits.</summary>
public sealed class FeatureGuardTests
{
    [Theory]
    [InlineData("plain", true)]
    [InlineData("scaled", false)]
    [InlineData("nan", false)]
    [InlineData("infinite", false)]
    [InlineData("repeated", false)]
    public void What_stands_between_the_last_layer_and_the_logits_is_noticed(string after, bool passes)
    {
        using var scope = torch.NewDisposeScope();
        using var module = new Headed(after);
        using var classifier = new TorchClassifier(module, [4], 2, InputBounds.Unbounded);
        using var features = FeatureClassifier.Of(classifier);
        using Tensor x = torch.ones(3, 4);
        for (int look = 0; look < 2; look++)
        {
            if (passes)
                features.FeaturesAndLogits(x);
            else
                Assert.Throws<ModelOutputException>(() => features.FeaturesAndLogits(x));
        }
    }

    private sealed class Headed : Module
    {
        private readonly Module _head = torch.nn.Linear(4, 2);
        private readonly string _after;

        public Headed(string after) : base(nameof(Headed))
        {
            _after = after;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            Tensor logits = _head.call(input);
            return _after switch
            {
                "scaled" => logits * 3 + 1,
                "nan" => logits * double.NaN,
                "infinite" => logits / 0.0,
                "repeated" => torch.cat([logits, logits], 1),
                _ => logits,
            };
        }
    }
}
