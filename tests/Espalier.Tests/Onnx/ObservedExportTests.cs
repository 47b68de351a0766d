using Espalier.Onnx.Conversions;
using Espalier.Onnx.Export;
using Espalier.Onnx.Graph;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace Espalier.Tests.Onnx;

/// <summary>Modules of a user's own, exported without a line of code.</summary>
public sealed class ObservedExportTests
{
    private const int Seed = 5;

    [Fact]
    public void A_residual_network_with_squeeze_and_excitation()
    {
        torch.random.manual_seed(Seed);
        using var module = new ResidualNetwork();
        AssertExports(module, 3, 8, 8);
    }

    [Fact]
    public void Attention_written_by_hand_with_a_class_token()
    {
        torch.random.manual_seed(Seed);
        using var module = new HandwrittenAttention();
        AssertExports(module, 6, 8);
    }

    [Fact]
    public void TorchSharps_attention_inside_a_block()
    {
        torch.random.manual_seed(Seed);
        using var module = new SequenceFirstBlock();
        AssertExports(module, 5, 8);
    }

    [Fact]
    public void A_child_that_is_called_twice_and_a_gate_of_its_own_weights()
    {
        torch.random.manual_seed(Seed);
        using var module = new Shared();
        AssertExports(module, 6);
    }

    [Fact]
    public void A_layer_scale_that_hardly_matters_is_not_taken_for_nothing()
    {
        torch.random.manual_seed(Seed);
        using var module = new TinyBranch();
        using var file = new OnnxFile();
        OnnxExportReport report = file.Export(module, null, 6);
        Assert.Contains("fc.weight", report.Initializers);
        Assert.Contains("scale", report.Initializers);
    }

    [Theory]
    [InlineData(3, "a clamp that random inputs do not reach")]
    [InlineData(0.5, "a guard at zero")]
    public void A_function_that_random_inputs_do_not_show_is_refused(double kind, string why)
    {
        torch.random.manual_seed(Seed);
        using var module = new Guarded(isClamp: kind == 3);
        using var file = new OnnxFile();
        OnnxExportException error = Assert.Throws<OnnxExportException>(() => file.Export(module, null, 6));
        Assert.True(error.Message.Contains("inferred by observation", StringComparison.Ordinal), why);
        Assert.Contains(nameof(Guarded), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_inferred_is_listed_and_refused_where_strict()
    {
        torch.random.manual_seed(Seed);
        using var module = new ResidualNetwork();
        using var file = new OnnxFile();
        OnnxExportReport report = file.Export(module, null, 3, 8, 8);
        Assert.Contains(report.Inferred, i => i.Contains(nameof(ResidualNetwork), StringComparison.Ordinal));
        OnnxExportException error = Assert.Throws<OnnxExportException>(() => file.Export(module, new() { Strict = true }, 3, 8, 8));
        Assert.Contains("strict", error.Message, StringComparison.Ordinal);
        using var converted = Sequential(Linear(6, 3), ReLU());
        Assert.Empty(file.Export(converted, new() { Strict = true }, 6).Inferred);
    }

    private sealed class Guarded : Module<Tensor, Tensor>
    {
        private readonly Linear _first = Linear(6, 4);
        private readonly Linear _second = Linear(4, 2);
        private readonly bool _isClamp;

        public Guarded(bool isClamp) : base(nameof(Guarded))
        {
            _isClamp = isClamp;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => _isClamp
            ? _second.call(_first.call(input).clamp(-50, 50))
            : _second.call(_first.call(torch.where(input.abs().sum([1L], keepdim: true).eq(0), torch.full_like(input, 5), input)));
    }

    [Fact]
    public void What_cannot_be_explained_is_refused_with_its_place()
    {
        using var module = Sequential(("body", new Strange()));
        using var file = new OnnxFile();
        OnnxExportException error = Assert.Throws<OnnxExportException>(() => file.Export(module, null, 4));
        Assert.Equal("body", error.Layer);
        Assert.Equal(typeof(Strange), error.ModuleType);
        Assert.Contains("'fc2'", error.Message, StringComparison.Ordinal);
        Assert.Contains("the output of 'fc1'", error.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(IOnnxExportable), error.Remedy, StringComparison.Ordinal);
        Assert.False(File.Exists(file.Path));
    }

    [Fact]
    public void The_interface_and_the_registry_cure_a_refusal()
    {
        torch.random.manual_seed(Seed);
        using var exportable = new StrangeButExportable();
        AssertExports(exportable, 4);
        using var registered = new Strange();
        using var file = new OnnxFile();
        OnnxExportReport report = file.Export(registered, new OnnxExportOptions { Conversions = OnnxConversions.Default.With<Strange>((g, _, x) => StrangeButExportable.Nodes(g, x)) }, 4);
        Assert.True(report.MaxDifference < 1e-5);
    }

    [Fact]
    public void Calls_that_depend_on_the_input_are_refused()
    {
        using var module = new Branching();
        using var file = new OnnxFile();
        Assert.Contains("depends on its input", Assert.Throws<OnnxExportException>(() => file.Export(module, null, 4)).Message, StringComparison.Ordinal);
    }

    private static void AssertExports(Module module, params long[] shape)
    {
        using var file = new OnnxFile();
        OnnxExportReport report = file.Export(module, new OnnxExportOptions { Tolerance = 2e-5, Seed = 3 }, shape);
        Assert.Empty(module.state_dict().Keys.Where(k => !k.EndsWith("num_batches_tracked", StringComparison.Ordinal)).Except(report.Initializers));
    }

    private sealed class ResidualNetwork : Module<Tensor, Tensor>
    {
        private readonly Conv2d stem = Conv2d(3, 8, 3, padding: 1);
        private readonly ModuleList<Module<Tensor, Tensor>> blocks = new(new ResidualBlock(8), new ResidualBlock(8));
        private readonly Linear head = Linear(8, 4);

        public ResidualNetwork() : base(nameof(ResidualNetwork)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            Tensor x = functional.relu(stem.call(input));
            foreach (var block in blocks)
                x = block.call(x);
            return head.call(x.mean([2, 3]));
        }
    }

    private sealed class ResidualBlock : Module<Tensor, Tensor>
    {
        private readonly Conv2d conv1;
        private readonly BatchNorm2d bn1;
        private readonly Conv2d conv2;
        private readonly BatchNorm2d bn2;
        private readonly Linear squeeze;
        private readonly Linear excite;

        public ResidualBlock(int channels) : base(nameof(ResidualBlock))
        {
            conv1 = Conv2d(channels, channels, 3, padding: 1, bias: false);
            bn1 = BatchNorm2d(channels);
            conv2 = Conv2d(channels, channels, 3, padding: 1, bias: false);
            bn2 = BatchNorm2d(channels);
            squeeze = Linear(channels, 2);
            excite = Linear(2, channels);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            Tensor x = bn2.call(conv2.call(functional.relu(bn1.call(conv1.call(input)))));
            Tensor gate = torch.sigmoid(excite.call(functional.relu(squeeze.call(x.mean([2, 3])))));
            return functional.relu(x * gate.unsqueeze(-1).unsqueeze(-1) + input);
        }
    }

    private sealed class HandwrittenAttention : Module<Tensor, Tensor>
    {
        private readonly LayerNorm norm = LayerNorm(8);
        private readonly Linear q = Linear(8, 8);
        private readonly Linear k = Linear(8, 8);
        private readonly Linear v = Linear(8, 8);
        private readonly Softmax softmax = Softmax(-1);
        private readonly Linear proj = Linear(8, 8);
        private readonly Linear head = Linear(8, 3);
        private readonly Parameter positions = new(torch.randn(1, 6, 8));

        public HandwrittenAttention() : base(nameof(HandwrittenAttention)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            Tensor x = input + positions;
            Tensor n = norm.call(x);
            Tensor weights = softmax.call(q.call(n).matmul(k.call(n).transpose(1, 2)) / Math.Sqrt(8));
            x = x + proj.call(weights.matmul(v.call(n)));
            return head.call(x[torch.TensorIndex.Colon, 0]);
        }
    }

    private sealed class SequenceFirstBlock : Module<Tensor, Tensor>
    {
        private readonly MultiheadAttention attention = MultiheadAttention(8, 2);
        private readonly LayerNorm norm = LayerNorm(8);
        private readonly GRU gru = GRU(8, 6, batchFirst: true);
        private readonly Linear head = Linear(6, 2);

        public SequenceFirstBlock() : base(nameof(SequenceFirstBlock)) => RegisterComponents();

        public override Tensor forward(Tensor input)
        {
            Tensor x = input.transpose(0, 1);
            Tensor y = norm.call(x + attention.call(x, x, x, null, false, null).Item1);
            Tensor steps = gru.call(y.transpose(0, 1), null!).Item1;
            return head.call(steps.select(1, -1));
        }
    }

    private sealed class Shared : Module<Tensor, Tensor>
    {
        private readonly Linear fc = Linear(6, 6);
        private readonly Parameter gate = new(torch.randn(6));

        public Shared() : base(nameof(Shared)) => RegisterComponents();

        public override Tensor forward(Tensor input) => torch.cat([fc.call(functional.gelu(fc.call(input))) * gate, input], 1);
    }

    private sealed class TinyBranch : Module<Tensor, Tensor>
    {
        private readonly Linear fc = Linear(6, 6);
        private readonly Parameter scale = new(torch.full(6, 1e-5f));

        public TinyBranch() : base(nameof(TinyBranch)) => RegisterComponents();

        public override Tensor forward(Tensor input) => input + fc.call(input) * scale;
    }

    private class Strange : Module<Tensor, Tensor>
    {
        private readonly Linear fc1 = Linear(4, 4);
        private readonly Linear fc2 = Linear(4, 4);

        public Strange() : base(nameof(Strange)) => RegisterComponents();

        public override Tensor forward(Tensor input) => fc2.call((fc1.call(input) * 3).cos() + input.sin().cumsum(1));
    }

    private sealed class StrangeButExportable : Strange, IOnnxExportable
    {
        public static OnnxValue Nodes(OnnxGraph graph, OnnxValue input)
        {
            OnnxValue cosine = graph.Unary("Cos", graph.Scale(graph.Call("fc1", input), 3));
            OnnxValue sums = graph.Node("CumSum", [graph.Unary("Sin", input), graph.Constant([1L])], input.Shape);
            return graph.Call("fc2", graph.Add(cosine, sums));
        }

        public OnnxValue Export(OnnxGraph graph, OnnxValue input) => Nodes(graph, input);
    }

    private sealed class Branching : Module<Tensor, Tensor>
    {
        private readonly Linear fc = Linear(4, 4);

        public Branching() : base(nameof(Branching)) => RegisterComponents();

        public override Tensor forward(Tensor input) => input.shape[0] > 2 ? fc.call(input) : input;
    }
}
