using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.Objectives;
using Espalier.Language.Tokenizers;

namespace Espalier.Tests.Language;

public sealed class TokenMaskingTests
{
    private const int Rows = 10_000;
    private const int Width = 128;

    // 40 ordinary characters; rows are framed and end in pads, so that every kind of special token occurs.
    private static readonly CharacterTokenizer Tokenizer = new(Enumerable.Range('a', 40), [SpecialToken.Pad, SpecialToken.Class, SpecialToken.Separator, SpecialToken.Mask]);

    private static bool Same(Tensor a, Tensor b) => a.shape.SequenceEqual(b.shape) && a.ne(b).sum().item<long>() == 0;

    private static Tensor RowsOfEverything()
    {
        long[] ids = [.. Enumerable.Range(0, Rows * Width).Select(i => (i % Width) switch
        {
            0 => (long)Tokenizer.Specials.Class!,
            > 110 => (long)Tokenizer.Specials.Pad!,
            110 => (long)Tokenizer.Specials.Separator!,
            _ => (i * 7919L) % 40,
        })];
        return torch.tensor(ids).view(Rows, Width);
    }

    [Fact]
    public void Shares_are_those_of_the_protocol_and_special_tokens_are_never_chosen()
    {
        using var scope = torch.NewDisposeScope();
        Tensor ids = RowsOfEverything();
        (Tensor inputs, Tensor targets) = new TokenMasking(new MaskingOptions(), Tokenizer).Apply(ids, seed: 1, position: 0);
        Tensor chosen = targets.ne(TokenMasking.Ignored);
        long real = Rows * 109L;
        Assert.True(real > 1_000_000);
        double count = chosen.sum().item<long>();
        Assert.InRange(count / real, 0.149, 0.151);
        Assert.Equal(0, chosen.logical_and(ids.ge(40)).sum().item<long>());
        Assert.True(Same(targets.masked_select(chosen), ids.masked_select(chosen)));
        Assert.True(Same(inputs.masked_select(chosen.logical_not()), ids.masked_select(chosen.logical_not())));

        double masked = inputs.eq(Tokenizer.Specials.Mask!.Value).sum().item<long>();
        double changed = chosen.logical_and(inputs.ne(ids)).sum().item<long>();
        Assert.InRange(masked / count, 0.797, 0.803);
        // A random token is the old one in 1 of 40 cases.
        double random = (changed - masked) / count * 40 / 39;
        Assert.InRange(random, 0.097, 0.103);
        Assert.InRange(1 - (masked / count) - random, 0.097, 0.103);
        Assert.Equal(0, inputs.masked_select(chosen).ge(40).sum().item<long>() - (long)masked);
    }

    [Fact]
    public void Masks_are_a_function_of_seed_and_position()
    {
        using var scope = torch.NewDisposeScope();
        Tensor ids = RowsOfEverything().narrow(0, 0, 64).contiguous();
        var masking = new TokenMasking(new MaskingOptions(), Tokenizer);
        Tensor whole = masking.Apply(ids, 3, 100).Inputs;
        Tensor parts = torch.cat([masking.Apply(ids.narrow(0, 0, 10).contiguous(), 3, 100).Inputs, masking.Apply(ids.narrow(0, 10, 54).contiguous(), 3, 110).Inputs]);
        Assert.True(Same(whole, parts));
        Assert.False(Same(whole, masking.Apply(ids, 4, 100).Inputs));
        Assert.False(Same(whole, masking.Apply(ids, 3, 101).Inputs));
    }

    [Fact]
    public void A_tokenizer_without_a_mask_and_a_foreign_token_are_refused()
    {
        var bytes = new ByteTokenizer([]);
        Assert.Contains("[MASK]", Assert.Throws<OptionsException>(() => new TokenMasking(new MaskingOptions(), bytes)).Message, StringComparison.Ordinal);
        using Tensor foreign = torch.full([1, 3], 44L, dtype: torch.int64);
        Assert.Contains("hold 44", Assert.Throws<DataException>(() => new TokenMasking(new MaskingOptions(), Tokenizer).Apply(foreign, 1, 0)).Message, StringComparison.Ordinal);
    }
}
