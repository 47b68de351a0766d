using TorchSharp.Modules;
using TorchSharp.Utils;

namespace Espalier.Networks.Attention;

/// <summary>A learned number per head and distance, added to the scores of attention: r[head, (n-1) + (j-i)] (Shaw et al. 2018; Raffel et al. 2020 without buckets).</summary>
public sealed class RelativePositionBias : torch.nn.Module
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    private readonly int _length;

    /// <summary>Creates the table with zeros.</summary>
    /// <param name="heads">Number of heads.</param>
    /// <param name="length">Longest input n.</param>
    public RelativePositionBias(int heads, int length) : base(nameof(RelativePositionBias))
    {
        _length = length;
        _weight = new Parameter(torch.zeros(heads, 2 * length - 1));
        _weight.DetachFromDisposeScope();
        register_parameter("weight", _weight);
    }

    /// <summary>The table, [heads, 2n-1].</summary>
    public Parameter Weight => _weight;

    /// <summary>What to add to the scores of the last r of c tokens.</summary>
    /// <param name="rows">Queries r.</param>
    /// <param name="columns">Keys c, at most n.</param>
    /// <returns>[heads, r, c].</returns>
    public Tensor Scores(long rows, long columns)
    {
        Tensor query = torch.arange(columns - rows, columns, device: _weight.device).unsqueeze(1);
        Tensor distance = torch.arange(columns, device: _weight.device).unsqueeze(0) - query + (_length - 1);
        return _weight.index_select(1, distance.flatten()).unflatten(1, [rows, columns]);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _weight.Dispose();
        base.Dispose(disposing);
    }
}
