using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// The Square Attack (Andriushchenko et al., "Square Attack: a query-efficient black-box adversarial attack via random
/// search", ECCV 2020): squares at random places and of ever smaller size, kept where the margin grows. Scores only, and
/// exactly as many queries as it is given. Inputs that are no images count as one row.
/// </summary>
/// <param name="options">Norm, radius, queries; 5,000 of them where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class Square(SquareOptions? options = null) : Attack(options ?? new())
{
    // The published schedule is that of so many queries.
    private const long ScheduleLength = 10_000;

    /// <summary>What the attack was told.</summary>
    public new SquareOptions Options => (SquareOptions)base.Options;

    /// <inheritdoc/>
    public override Access Access => Access.Scores;

    /// <inheritdoc/>
    public override double Complexity => Options.Queries / 2.0;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new Square(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new Square(Options with { Seed = seed });

    internal override void Perturb(AttackedBatch batch)
    {
        using ActiveSamples? active = batch.Activate(Options.Epsilon);
        if (active is null || Options.Queries < 2)
            return;
        using var scope = torch.NewDisposeScope();
        SquareProposal proposal = Options.Norm == Norm.LInf ? new SignSquares(batch, active) : new PyramidSquares(batch, active);
        RowState x = active.Track(proposal.Start());
        Verdict at = batch.Judge(active, x.Value);
        RowState margin = active.Track(at.Margin);
        // The look at the clean input and the one at the start are queries too.
        for (int i = 1; i <= Options.Queries - 2; i++)
        {
            if (batch.StopWhenFooled && !active.KeepWhere(at.Fooled.logical_not()))
                return;
            batch.CancellationToken.ThrowIfCancellationRequested();
            using var iteration = torch.NewDisposeScope();
            Tensor candidate = proposal.Next(x.Value, i, Options.Share / ShareDivisor(Options.RescaleSchedule ? (int)(i * ScheduleLength / Options.Queries) : i));
            at = batch.Judge(active, candidate);
            Tensor better = at.Fooled.logical_or(at.Margin.gt(margin.Value));
            x.Where(better, candidate);
            margin.Value = torch.where(better, at.Margin, margin.Value);
            at.Fooled.MoveToOuterDisposeScope();
        }
    }

    private static int ShareDivisor(int iteration) => iteration switch
    {
        <= 10 => 1,
        <= 50 => 2,
        <= 200 => 4,
        <= 500 => 8,
        <= 1000 => 16,
        <= 2000 => 32,
        <= 4000 => 64,
        <= 6000 => 128,
        <= 8000 => 256,
        _ => 512,
    };
}
