namespace Espalier.Counterfactuals.Search;

/// <summary>
/// The weight of the loss for each sample: ten times as much until a round finds something, a tenth until one does not,
/// then the geometric mean of the last of both kinds. Its tensors live in the batch's scope.
/// </summary>
internal sealed class LambdaSearch(Tensor like, double initial)
{
    private const double Factor = 10;

    private readonly Tensor _tooSmall = torch.zeros_like(like);
    private readonly Tensor _enough = torch.full_like(like, double.PositiveInfinity);

    /// <summary>[batch].</summary>
    public Tensor Lambda { get; } = torch.full_like(like, initial);

    /// <summary>Goes on to the next weights.</summary>
    /// <param name="found">Which samples became valid with the present ones, [batch], bool.</param>
    public void Next(Tensor found)
    {
        using var scope = torch.NewDisposeScope();
        _enough.copy_(torch.where(found, Lambda, _enough));
        _tooSmall.copy_(torch.where(found, _tooSmall, Lambda));
        Tensor between = (_tooSmall * _enough).sqrt();
        Tensor next = torch.where(_enough.isinf(), Lambda * Factor, torch.where(_tooSmall.eq(0), Lambda / Factor, between));
        Lambda.copy_(next);
    }
}
