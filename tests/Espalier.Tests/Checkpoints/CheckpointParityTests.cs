using Espalier.Errors;
using Espalier.Networks;
using Espalier.Networks.Checkpoints;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Text;
using Espalier.Tests.Data;

namespace Espalier.Tests.Checkpoints;

/// <summary>Files in published layouts, loaded and run: the logits of an independent implementation.</summary>
public sealed class CheckpointParityTests : IDisposable
{
    private const double Parity = 2e-5;

    private static readonly long[] Image = [3, 32, 24];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => [.. Networks.Keys];

    private static Dictionary<string, (ModelOptions Options, long[] Shape, CheckpointLayout Layout)> Networks { get; } = new()
    {
        ["gmlp"] = (new() { Gmlp = new() { PatchSize = 8, DModel = 24, DFfn = 40, Layers = 3 } }, Image, CheckpointLayout.Native),
        ["mixer"] = (new() { Name = "mixer", Mixer = new() { PatchSize = 8, DModel = 24, Layers = 3 } }, Image, CheckpointLayout.Native),
        ["resmlp"] = (new() { Name = "resmlp", ResMlp = new() { PatchSize = 8, DModel = 24, Layers = 3 } }, Image, CheckpointLayout.Native),
        ["resmlp facebook"] = (new() { Name = "resmlp", ResMlp = new() { PatchSize = 8, DModel = 24, Layers = 3 } }, Image, CheckpointLayout.FacebookResMlp),
        ["vit"] = (new() { Name = "vit", Vit = new() { PatchSize = 8, DModel = 24, Heads = 3, Layers = 3 } }, Image, CheckpointLayout.Native),
        ["resnet18"] = (new() { Name = "resnet", ResNet = new() { Width = 8, Blocks = [2, 2, 2, 2] } }, [3, 64, 48], CheckpointLayout.Native),
    };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Networks_for_images(string name)
    {
        (ModelOptions options, long[] shape, CheckpointLayout layout) = Networks[name];
        ReferenceModel reference = ReferenceModel.Load(name);
        string path = _folder.File("model.safetensors");
        reference.Write(path);
        using var network = ModelZoo.Create(options, shape, 10, seed: 9);
        LoadReport report = Checkpoint.Load(path, network, layout);
        Assert.True(report.IsComplete);
        Assert.Equal(layout == CheckpointLayout.Native, report.Converted.Count == 0);
        network.eval();
        using var noGradients = torch.no_grad();
        AssertParity(reference, network.call(ReferenceModel.Fill(7777, [2, .. shape], 2)));
    }

    [Theory]
    [InlineData("as published", false)]
    [InlineData("old names of the norms", false)]
    [InlineData("without the prefix", true)]
    public void Bert_with_its_padding(string spelling, bool bare)
    {
        ReferenceModel reference = ReferenceModel.Load("bert");
        List<KeyValuePair<string, Tensor>> tensors = reference.Tensors();
        if (spelling == "old names of the norms")
            tensors = [.. tensors.Select(t => new KeyValuePair<string, Tensor>(t.Key.Replace("LayerNorm.weight", "LayerNorm.gamma").Replace("LayerNorm.bias", "LayerNorm.beta"), t.Value))];
        if (bare)
            tensors = [.. tensors.Select(t => new KeyValuePair<string, Tensor>(t.Key.StartsWith("bert.", StringComparison.Ordinal) ? t.Key["bert.".Length..] : t.Key, t.Value))];

        // What real files hold besides.
        tensors.Add(new("cls.predictions.decoder.weight", tensors.First(t => t.Key.EndsWith("word_embeddings.weight", StringComparison.Ordinal)).Value.clone()));
        tensors.Add(new("cls.seq_relationship.weight", torch.zeros(2, 24)));
        tensors.Add(new("bert.embeddings.position_ids", torch.arange(12).unsqueeze(0)));
        string path = _folder.File("model.safetensors");
        Espalier.Models.SafetensorsFile.Write(path, tensors);
        using var network = new MaskedLanguageModel(
            new BertEncoder(new() { Vocabulary = 29, MaxLength = 12, DModel = 24, Heads = 3, Layers = 2 }, new TextTokens { Pad = 0 }), MlmHead.BertTransform);
        LoadReport report = Checkpoint.Load(path, network, CheckpointLayout.HuggingFaceBert);
        Assert.True(report.IsComplete);
        Assert.Contains(report.Ignored, t => t.Name == "bert.pooler.dense.weight");
        network.eval();
        using var noGradients = torch.no_grad();
        Tensor ids = ReferenceModel.Ids(28, 2, 12) + 1;
        ids[1, torch.TensorIndex.Slice(7)] = 0;
        AssertParity(reference, network.call(ids));
    }

    /// <summary>g-mlp-pytorch's own names and logits: two segments of wrapping around a shift, and its head.</summary>
    [Theory]
    [InlineData("lucidrains", 0, false)]
    [InlineData("lucidrains shifted", 2, false)]
    [InlineData("lucidrains causal", 1, true)]
    public void Lucidrains_text_with_its_own_head(string name, int shift, bool causal)
    {
        ReferenceModel reference = ReferenceModel.Load(name);
        string path = _folder.File("model.safetensors");
        reference.Write(path);
        GmlpTextOptions options = new()
        {
            DModel = 24,
            DFfn = 96,
            Layers = 2,
            SpatialForm = SpatialForm.Dense,
            TokenShift = shift,
            Causal = causal,
            DAttention = name.Contains("shifted", StringComparison.Ordinal) ? null : 8,
            SpatialHeads = causal ? 2 : 1,
        };
        using torch.nn.Module created = PublishedNetwork.Create(path, new() { Name = "gmlp_text", GmlpText = options }, CheckpointLayout.LucidrainsGmlpText, []);
        var network = (torch.nn.Module<Tensor, Tensor>)created;
        LoadReport report = Checkpoint.Load(path, network, CheckpointLayout.LucidrainsGmlpText);
        Assert.Empty(report.Ignored);
        network.eval();
        using var noGradients = torch.no_grad();
        Tensor ids = ReferenceModel.Ids(29, 2, 12);
        AssertParity(reference, network.call(ids));
        if (network is not CausalLanguageModel model)
            return;

        // Token by token it says the same.
        using IncrementalDecoding decoding = model.StartDecoding();
        decoding.Append(ids.narrow(1, 0, 3));
        for (int i = 3; i < 11; i++)
            decoding.Append(ids.narrow(1, i, 1));
        Tensor last = decoding.Append(ids.narrow(1, 11, 1));
        Assert.InRange((last.to(torch.float64) - reference.Logits.select(1, 11)).abs().max().ToDouble(), 0, Parity);
    }

    [Fact]
    public void Lucidrains_text_of_a_release_before_the_shift()
    {
        ReferenceModel reference = ReferenceModel.Load("lucidrains");
        string path = _folder.File("model.safetensors");
        Espalier.Models.SafetensorsFile.Write(path, [.. reference.Tensors().Select(t => new KeyValuePair<string, Tensor>(t.Key.Replace(".fn.fn.fn.", ".fn.fn.", StringComparison.Ordinal), t.Value))]);
        using var encoder = new GmlpTextEncoder(new() { Vocabulary = 29, MaxLength = 12, DModel = 24, DFfn = 96, Layers = 2, DAttention = 8, SpatialForm = SpatialForm.Dense });
        using var network = new MaskedLanguageModel(encoder, tied: false);
        Assert.True(Checkpoint.Load(path, network, CheckpointLayout.LucidrainsGmlpText).IsComplete);
        network.eval();
        using var noGradients = torch.no_grad();
        AssertParity(reference, network.call(ReferenceModel.Ids(29, 2, 12)));
    }

    [Fact]
    public void What_a_file_has_too_much_is_named_as_the_file_names_it()
    {
        ReferenceModel reference = ReferenceModel.Load("lucidrains");
        string path = _folder.File("model.safetensors");
        Espalier.Models.SafetensorsFile.Write(path, [.. reference.Tensors(), new("layers.0.fn.fn.fn.sgu.circulant_pos_x", torch.ones(1, 12))]);
        using var encoder = new GmlpTextEncoder(new() { Vocabulary = 29, MaxLength = 12, DModel = 24, DFfn = 96, Layers = 2, DAttention = 8, SpatialForm = SpatialForm.Dense });
        CheckpointException error = Assert.Throws<CheckpointException>(() => Checkpoint.Load(path, encoder, CheckpointLayout.LucidrainsGmlpText));
        Assert.Contains("layers.0.fn.fn.fn.sgu.circulant_pos_x", error.Message, StringComparison.Ordinal);
    }

    private static void AssertParity(ReferenceModel reference, Tensor logits)
    {
        Tensor expected = reference.Logits;
        Assert.Equal(expected.shape, logits.shape);
        double difference = (logits.to(torch.float64) - expected).abs().max().ToDouble();
        Assert.True(difference <= Parity, $"differs by {difference}");
    }
}
