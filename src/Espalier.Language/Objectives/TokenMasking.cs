using System.Runtime.InteropServices;
using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.Tokenizers;
using Espalier.Randomness;

namespace Espalier.Language.Objectives;

/// <summary>
/// Hides tokens for a masked language model. What is hidden in a row is a function of the seed and of the row's position
/// alone: the same at every batch size and on every number of ranks.
/// </summary>
public sealed class TokenMasking
{
    /// <summary>The target of a token that was not chosen.</summary>
    public const long Ignored = -100;

    private const long Purpose = 0x6d61736b;

    private readonly MaskingOptions _options;
    private readonly bool[] _isSpecial;
    private readonly int[] _ordinary;
    private readonly int _mask;

    /// <summary>Creates a masking for a vocabulary.</summary>
    /// <param name="options">Shares and probability.</param>
    /// <param name="tokenizer">Says which tokens are special; has <c>[MASK]</c>.</param>
    /// <exception cref="OptionsException">A value is out of range, or there is no <c>[MASK]</c>.</exception>
    public TokenMasking(MaskingOptions options, Tokenizer tokenizer)
    {
        options.Validate();
        _options = options;
        _mask = tokenizer.Specials.Require(SpecialToken.Mask, "a masked language model");
        _isSpecial = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.Specials.Contains)];
        _ordinary = [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(i => !_isSpecial[i])];
    }

    /// <summary>Hides tokens of rows.</summary>
    /// <param name="ids">[rows, tokens], int64, on the CPU; left as it is.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="position">The position of the first row: in the sample stream in training, in the data set in evaluation.</param>
    /// <returns>What the model sees, and the true tokens where it must find them, <see cref="Ignored"/> elsewhere; [rows, tokens] each.</returns>
    /// <exception cref="DataException">A token is not of the vocabulary.</exception>
    public (Tensor Inputs, Tensor Targets) Apply(Tensor ids, int seed, long position)
    {
        Tensor inputs = ids.clone();
        Tensor targets = torch.full(ids.shape, Ignored, dtype: torch.int64);
        Span<long> seen = MemoryMarshal.Cast<byte, long>(inputs.bytes);
        Span<long> wanted = MemoryMarshal.Cast<byte, long>(targets.bytes);
        int width = (int)ids.shape[1];
        for (int row = 0; row < ids.shape[0]; row++)
        {
            var random = new SplitMix64(seed, Purpose, position + row);
            Hide(seen.Slice(row * width, width), wanted.Slice(row * width, width), ref random);
        }

        return (inputs, targets);
    }

    private void Hide(Span<long> seen, Span<long> wanted, ref SplitMix64 random)
    {
        for (int i = 0; i < seen.Length; i++)
        {
            long token = seen[i];
            if ((ulong)token >= (ulong)_isSpecial.Length)
                throw new DataException("tokens", $"hold {token}", $"ids run from 0 to {_isSpecial.Length - 1}: use the tokenizer that made them");
            if (_isSpecial[token] || !random.NextBernoulli(_options.Probability))
                continue;
            wanted[i] = token;
            double replacement = random.NextDouble();
            if (replacement < _options.MaskShare)
                seen[i] = _mask;
            else if (replacement < _options.MaskShare + _options.RandomShare)
                seen[i] = _ordinary[random.NextBelow(_ordinary.Length)];
        }
    }
}
