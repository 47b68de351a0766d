using static TorchSharp.torch.nn;

namespace Espalier.Networks.Gmlp;

/// <summary>
/// Shifts parts of the channels along the tokens, zeros coming in, so that a block sees its neighbours without a weight
/// (lucidrains/g-mlp-pytorch, <c>PreShiftTokens</c>).
/// </summary>
/// <param name="reach">s: the largest shift in tokens; 0 is none.</param>
/// <param name="causal">Whether only earlier tokens are looked at.</param>
internal sealed class TokenShift(int reach, bool causal)
{
    /// <summary>The largest shift in tokens.</summary>
    public int Reach => reach;

    /// <summary>Shifts.</summary>
    /// <param name="input">[batch, tokens, d].</param>
    /// <returns>[batch, tokens, d]; the channels that are left over where d does not divide stay as they are.</returns>
    public Tensor Apply(Tensor input)
    {
        if (reach == 0)
            return input;
        int first = causal ? 0 : -reach;
        int parts = reach - first + 1;
        long width = input.shape[2] / parts;
        var shifted = new List<Tensor>();
        for (int i = 0; i < parts; i++)
            shifted.Add(Shifted(input.narrow(2, i * width, width), first + i));
        if (parts * width < input.shape[2])
            shifted.Add(input.narrow(2, parts * width, input.shape[2] - (parts * width)));
        return torch.cat(shifted, 2);
    }

    /// <summary>Shifts the newest tokens of a causal model.</summary>
    /// <param name="input">[batch, new tokens, d].</param>
    /// <param name="earlier">[batch, any, d], the tokens before them; null at the beginning.</param>
    /// <returns>[batch, new tokens, d].</returns>
    public Tensor ApplyNext(Tensor input, Tensor? earlier)
    {
        if (reach == 0)
            return input;
        Tensor all = earlier is null ? input : torch.cat([earlier, input], 1);
        return Apply(all).narrow(1, all.shape[1] - input.shape[1], input.shape[1]);
    }

    // To later tokens by a positive amount; a text no longer than the amount is shifted out of sight.
    private static Tensor Shifted(Tensor part, int amount)
    {
        long tokens = part.shape[1];
        long kept = tokens - Math.Abs(amount);
        if (amount == 0)
            return part;
        if (kept <= 0)
            return torch.zeros_like(part);
        return amount > 0
            ? functional.pad(part.narrow(1, 0, kept), [0, 0, amount, 0])
            : functional.pad(part.narrow(1, -amount, kept), [0, 0, 0, -amount]);
    }
}
