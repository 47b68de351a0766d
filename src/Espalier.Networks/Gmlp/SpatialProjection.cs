using Espalier.Errors;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;

namespace Espalier.Networks.Gmlp;

/// <summary>
/// The linear map along tokens of the spatial gating unit: G[b,i,c] = sum_j W[i,j] V[b,j,c] + beta[i], one W and beta
/// for all channels. Its weights are called <c>weight</c> and <c>bias</c>, as timm's are.
/// </summary>
public sealed class SpatialProjection : ModuleWithConstants
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    /// <summary>Creates the map with W = 0 and beta = 1.</summary>
    /// <param name="tokens">Number of tokens n; shorter inputs use the upper left corner of W.</param>
    /// <param name="form">How W is stored.</param>
    /// <param name="causal">Whether the entries with j &gt; i count as zero.</param>
    /// <param name="heads">Number k of matrices; channels are cut in k equal groups, one for each.</param>
    /// <param name="sharedBias">Whether one beta stands for all positions.</param>
    public SpatialProjection(int tokens, SpatialForm form = SpatialForm.Dense, bool causal = false, int heads = 1, bool sharedBias = false) : base(nameof(SpatialProjection))
    {
        OptionsException.Require(tokens >= 1, nameof(tokens), tokens, "must be at least 1");
        OptionsException.Require(heads >= 1, nameof(heads), heads, "must be at least 1");
        (Tokens, Form, Causal, Heads, SharedBias) = (tokens, form, causal, heads, sharedBias);
        long[] groups = heads == 1 ? [] : [heads];
        _weight = new Parameter(torch.zeros(form == SpatialForm.Dense ? [.. groups, tokens, tokens] : [.. groups, 2 * tokens - 1]));
        _bias = new Parameter(torch.ones([.. groups, sharedBias ? 1 : tokens]));
        _weight.DetachFromDisposeScope();
        _bias.DetachFromDisposeScope();
        register_parameter("weight", _weight);
        register_parameter("bias", _bias);
        if (form == SpatialForm.Toeplitz)
            AddConstant("diagonals", Toeplitz.Diagonals(tokens));
        if (causal)
        {
            using Tensor ones = torch.ones(tokens, tokens);
            AddConstant("past", ones.tril());
        }
    }

    /// <summary>Number of tokens n.</summary>
    public int Tokens { get; }

    /// <summary>How W is stored.</summary>
    public SpatialForm Form { get; }

    /// <summary>Whether the entries with j &gt; i count as zero.</summary>
    public bool Causal { get; }

    /// <summary>Number k of matrices.</summary>
    public int Heads { get; }

    /// <summary>Whether one beta stands for all positions.</summary>
    public bool SharedBias { get; }

    /// <summary>W as stored: [n, n], or [2n-1] for Toeplitz; with k heads [k, n, n] or [k, 2n-1].</summary>
    public Parameter Weight => _weight;

    /// <summary>beta, [n]; one value where it is shared; with k heads [k, n] or [k, 1].</summary>
    public Parameter Bias => _bias;

    /// <summary>W as applied to the first tokens.</summary>
    /// <param name="tokens">How many tokens m there are, at most n; n where null.</param>
    /// <returns>[m, m], or [k, m, m] with k heads; row = output position; with an autograd graph back to <see cref="Weight"/>.</returns>
    public Tensor Matrix(long? tokens = null) => Rows(0, tokens ?? Tokens);

    /// <param name="input">[batch, m, channels], m at most n.</param>
    /// <returns>[batch, m, channels].</returns>
    /// <exception cref="ShapeException">More tokens than n.</exception>
    public override Tensor forward(Tensor input)
    {
        if (input.dim() != 3 || input.shape[1] > Tokens)
            throw new ShapeException("tokens", input.shape, $"[batch, up to {Tokens}, channels]: the matrices were made for {Tokens} tokens");
        return Outputs(input, 0);
    }

    /// <summary>
    /// The outputs from a position on, given the inputs up to the last: what a causal model needs for its next tokens.
    /// </summary>
    /// <param name="input">[batch, m, channels].</param>
    /// <param name="start">The first position wanted.</param>
    /// <returns>[batch, m - start, channels].</returns>
    internal Tensor Outputs(Tensor input, long start)
    {
        long tokens = input.shape[1];
        Tensor rows = Rows(start, tokens);
        Tensor bias = SharedBias ? _bias.expand([.. _bias.shape[..^1], tokens - start]) : _bias.narrow(-1, start, tokens - start);
        if (Heads == 1)
        {
            // A product per sample leaves the tokens in rows, as the gate reads them. One product of all transposed
            // channels computes the same with columns, and what reads those afterwards takes longer than it saved.
            long batch = input.shape[0];
            return rows.unsqueeze(0).expand(batch, -1, -1).baddbmm(input, bias.unsqueeze(1).expand(batch, -1, 1));
        }

        Tensor channels = input.transpose(1, 2);                                        // [batch, channels, m]
        Tensor groups = channels.unflatten(1, [Heads, -1]);                             // [batch, k, channels/k, m]
        return (groups.matmul(rows.transpose(1, 2)) + bias.unsqueeze(1)).flatten(1, 2).transpose(1, 2);
    }

    // Rows start..end-1 of the corner W[:end, :end].
    private Tensor Rows(long start, long end)
    {
        Tensor rows;
        if (Form == SpatialForm.Dense)
        {
            rows = end == Tokens && start == 0 ? _weight.alias() : _weight.narrow(-2, start, end - start).narrow(-1, 0, end);
        }
        else
        {
            Tensor diagonals = Constant("diagonals");
            Tensor index = end == Tokens && start == 0 ? diagonals : diagonals.narrow(0, start, end - start).narrow(1, 0, end);
            rows = _weight.index_select(-1, index.reshape(-1)).view([.. _weight.shape[..^1], end - start, end]);
        }

        return Causal ? rows * Constant("past").narrow(0, start, end - start).narrow(1, 0, end) : rows;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _weight.Dispose();
            _bias.Dispose();
        }

        base.Dispose(disposing);
    }
}
