using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// The attacks that see labels only: from a starting point that the model gives another class they come as near to the
/// input as they can. Starting points are those that are given; else other inputs of the run; else uniform noise. Where
/// none of them is of another class (with targets: of the class wanted), there is nothing to start from and the attack
/// says so. Success is an adversarial input inside the radius.
/// </summary>
public abstract class DecisionAttack : Attack
{
    /// <summary>Creates the attack.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    private protected DecisionAttack(DecisionAttackOptions options, Tensor? startingPoints) : base(options) => StartingPoints = startingPoints;

    /// <summary>What the attack was told.</summary>
    public new DecisionAttackOptions Options => (DecisionAttackOptions)base.Options;

    /// <summary>[m, ...]: inputs to start from, such as training data of all classes; the caller's.</summary>
    public Tensor? StartingPoints { get; }

    /// <inheritdoc/>
    public sealed override Access Access => Access.Labels;

    /// <inheritdoc/>
    public sealed override double Complexity => Options.Queries / 2.0;

    internal sealed override void Perturb(AttackedBatch batch)
    {
        using ActiveSamples? active = batch.Activate(Options.Epsilon);
        if (active is null)
            return;
        using var scope = torch.NewDisposeScope();
        var search = new DecisionSearch(batch, active, Options.Queries);
        try
        {
            Approach(search);
        }
        finally
        {
            // Also where the budget of the whole run is used up: what has been found stays found.
            search.Offer();
        }
    }

    /// <summary>A starting point for each sample that has queries left.</summary>
    /// <param name="search">The samples.</param>
    /// <param name="draw">Another draw, another point.</param>
    /// <returns>[active, ...]; who has used up the queries is given its input.</returns>
    private protected Tensor FindStart(DecisionSearch search, int draw = 0) => new StartSearch(search, StartingPoints, Options.StartTries).Find(draw);

    /// <summary>Comes nearer and nearer. What the search is asked it remembers.</summary>
    private protected abstract void Approach(DecisionSearch search);
}
