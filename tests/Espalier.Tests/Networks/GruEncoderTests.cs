using Espalier.Errors;
using Espalier.Networks.Text;
using static TorchSharp.torch;

namespace Espalier.Tests.Networks;

public sealed class GruEncoderTests
{
    [Fact]
    public void A_state_is_the_equations_of_a_gated_unit()
    {
        using var scope = NewDisposeScope();
        using var encoder = new GruEncoder(new() { Vocabulary = 9, MaxLength = 6, EmbeddingSize = 3, HiddenSize = 4, Layers = 1 }, seed: 1);
        Tensor ids = tensor(new long[,] { { 3, 1, 7 } });

        Tensor found = encoder.call(ids)[0];

        Dictionary<string, Tensor> w = encoder.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach());
        Tensor h = zeros(4);
        for (int t = 0; t < 3; t++)
        {
            Tensor x = w["embed.weight"][ids[0, t].item<long>()];
            Tensor[] i = (w["gru.weight_ih_l0"].mv(x) + w["gru.bias_ih_l0"]).chunk(3);
            Tensor[] r = (w["gru.weight_hh_l0"].mv(h) + w["gru.bias_hh_l0"]).chunk(3);
            Tensor reset = (i[0] + r[0]).sigmoid(), update = (i[1] + r[1]).sigmoid();
            Tensor fresh = (i[2] + (reset * r[2])).tanh();
            h = ((1 - update) * fresh) + (update * h);
            Assert.True(allclose(h, found[t], 1e-5, 1e-6));
        }
    }

    [Fact]
    public void Padding_is_zero_and_only_before_a_text_does_it_matter()
    {
        using var scope = NewDisposeScope();
        using var encoder = new GruEncoder(new() { Vocabulary = 9, MaxLength = 6, HiddenSize = 8 }, new TextTokens(Pad: 8), seed: 1);
        using var model = new SequenceClassifier(encoder, 3, SequencePooling.LastToken, 0, 1);
        model.eval();

        Tensor bare = model.call(tensor(new long[,] { { 3, 1, 7 } }));
        Tensor after = model.call(tensor(new long[,] { { 3, 1, 7, 8, 8 } }));
        Tensor before = model.call(tensor(new long[,] { { 8, 8, 3, 1, 7 } }));

        Assert.Equal(0, encoder.TokenEmbedding[8].abs().sum().item<float>());
        Assert.True(allclose(bare, after, 1e-5, 1e-6));
        Assert.False(allclose(bare, before, 1e-5, 1e-6));
    }

    [Fact]
    public void Writing_token_by_token_gives_the_logits_of_the_whole_text()
    {
        using var scope = NewDisposeScope();
        using var model = new CausalLanguageModel(new GruEncoder(new() { Vocabulary = 9, MaxLength = 6, EmbeddingSize = 8, HiddenSize = 8 }, seed: 1));
        model.eval();
        Tensor ids = tensor(new long[,] { { 3, 1, 7, 2 }, { 0, 0, 5, 4 } });
        Tensor whole = model.call(ids);

        using IncrementalDecoding decoding = model.StartDecoding();
        for (int t = 0; t < 4; t++)
            Assert.True(allclose(whole[TensorIndex.Colon, t], decoding.Append(ids.narrow(1, t, 1)), 1e-5, 1e-6));
    }

    [Fact]
    public void A_language_model_needs_states_as_wide_as_embeddings()
    {
        using var encoder = new GruEncoder(new() { Vocabulary = 9, MaxLength = 6, EmbeddingSize = 8, HiddenSize = 16 });

        Assert.Throws<OptionsException>(() => new CausalLanguageModel(encoder));
    }
}
