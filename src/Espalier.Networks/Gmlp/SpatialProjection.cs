using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks;

/// <summary>
/// The linear map along tokens of the spatial gating unit: G[b,i,c] = sum_j W[i,j] V[b,j,c] + beta[i], one W and beta
/// for all channels. Its weights are called <c>weight</c> and <c>bias</c>, as timm's are.
/// </summary>
public sealed class SpatialProjection : Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    [ComponentName(Name = "diagonals")]
    private readonly Tensor? _diagonals;

    [ComponentName(Name = "past")]
    private readonly Tensor? _past;

    /// <summary>Creates the map with W = 0 and beta = 1.</summary>
    /// <param name="tokens">Number of tokens n.</param>
    /// <param name="form">How W is stored.</param>
    /// <param name="causal">Whether the entries with j &gt; i count as zero.</param>
    public SpatialProjection(int tokens, SpatialForm form = SpatialForm.Dense, bool causal = false) : base(nameof(SpatialProjection))
    {
        OptionsException.Require(tokens >= 1, nameof(tokens), tokens, "must be at least 1");
        (Tokens, Form, Causal) = (tokens, form, causal);
        _weight = new Parameter(torch.zeros(form == SpatialForm.Dense ? [tokens, tokens] : [2 * tokens - 1]));
        _bias = new Parameter(torch.ones(tokens));
        _weight.DetachFromDisposeScope();
        _bias.DetachFromDisposeScope();
        register_parameter("weight", _weight);
        register_parameter("bias", _bias);
        if (form == SpatialForm.Toeplitz)
        {
            _diagonals = Diagonals(tokens);
            register_buffer("diagonals", _diagonals, persistent: false);
        }

        if (causal)
        {
            using Tensor ones = torch.ones(tokens, tokens);
            _past = ones.tril().DetachFromDisposeScope();
            register_buffer("past", _past, persistent: false);
        }
    }

    /// <summary>Number of tokens n.</summary>
    public int Tokens { get; }

    /// <summary>How W is stored.</summary>
    public SpatialForm Form { get; }

    /// <summary>Whether the entries with j &gt; i count as zero.</summary>
    public bool Causal { get; }

    /// <summary>W as stored: [n, n], or [2n-1] for Toeplitz.</summary>
    public Parameter Weight => _weight;

    /// <summary>beta, [n].</summary>
    public Parameter Bias => _bias;

    /// <summary>W as applied.</summary>
    /// <returns>[n, n], row = output position; with an autograd graph back to <see cref="Weight"/>.</returns>
    public Tensor Matrix()
    {
        Tensor matrix = _diagonals is null ? _weight.alias() : _weight.index_select(0, _diagonals).view(Tokens, Tokens);
        return _past is null ? matrix : matrix * _past;
    }

    /// <param name="input">[batch, n, channels].</param>
    /// <returns>[batch, n, channels].</returns>
    /// <exception cref="ShapeException">Another number of tokens.</exception>
    public override Tensor forward(Tensor input)
    {
        if (input.dim() != 3 || input.shape[1] != Tokens)
            throw new ShapeException("tokens", input.shape, $"[batch, {Tokens}, channels]");

        // The fastest form in training. A convolution of kernel 1 is a little faster without gradients, but may be
        // computed in reduced precision on a GPU and makes libtorch warn at every call where a CPU lacks NNPACK.
        return functional.linear(input.transpose(1, 2), Matrix(), _bias).transpose(1, 2);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _weight.Dispose();
            _bias.Dispose();
            _diagonals?.Dispose();
            _past?.Dispose();
        }

        base.Dispose(disposing);
    }

    // Entry i*n + j is (n-1) + (j-i).
    private static Tensor Diagonals(int tokens)
    {
        long[] index = new long[tokens * tokens];
        for (int i = 0; i < tokens; i++)
        {
            for (int j = 0; j < tokens; j++)
                index[i * tokens + j] = tokens - 1 + j - i;
        }

        return torch.tensor(index, dtype: torch.int64).DetachFromDisposeScope();
    }
}
