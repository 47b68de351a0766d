using Espalier.Errors;
using Espalier.Files;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// The mean of several rules' scores, each mapped to its rank among scores of in-distribution samples that its rule was not
/// fitted on: every fifth of the fit samples is held out for that.
/// </summary>
public sealed class DetectorEnsemble : ScoreRule
{
    private const int HeldOutEvery = 5;

    private readonly ScoreRule[] _members;

    /// <summary>Creates the rule.</summary>
    /// <param name="members">At least two rules, none with gradients; taken over.</param>
    /// <exception cref="OptionsException">There are fewer than two, or one changes its inputs.</exception>
    public DetectorEnsemble(IReadOnlyList<ScoreRule> members) : base("ensemble", members.Aggregate(DetectorNeeds.Fit, (needs, m) => needs | m.Needs))
    {
        OptionsException.Require(members.Count >= 2, nameof(members), members.Count, "must be at least two detectors: ensemble:energy+knn");
        ScoreRule? changing = members.FirstOrDefault(m => m.Needs.HasFlag(DetectorNeeds.Gradients));
        OptionsException.Require(!members.OfType<DetectorEnsemble>().Any(), nameof(members), "ensemble", "must be detectors that are no ensembles");
        OptionsException.Require(changing is null, nameof(members), changing?.Name, "must score the inputs as they are");
        _members = [.. members];
    }

    /// <summary>The rules.</summary>
    public IReadOnlyList<ScoreRule> Members => _members;

    /// <inheritdoc/>
    public override string Text => $"{Name}:{string.Join('+', _members.Select(m => m.Text))}";

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, NpyArray> State() => base.State()
        .Concat(_members.SelectMany((m, i) => m.State().Select(s => KeyValuePair.Create($"{i}.{s.Key}", s.Value)))).ToDictionary();

    /// <inheritdoc/>
    public override void Restore(IReadOnlyDictionary<string, NpyArray> state)
    {
        string[] prefixes = [.. Enumerable.Range(0, _members.Length).Select(i => $"{i}.")];
        base.Restore(state.Where(s => !prefixes.Any(p => s.Key.StartsWith(p, StringComparison.Ordinal))).ToDictionary());
        for (int i = 0; i < _members.Length; i++)
        {
            if (_members[i].Needs.HasFlag(DetectorNeeds.Fit))
                _members[i].Restore(state.Where(s => s.Key.StartsWith(prefixes[i], StringComparison.Ordinal)).ToDictionary(s => s.Key[prefixes[i].Length..], s => s.Value));
        }
    }

    private protected override void FitOutputs(NetworkOutputs outputs, Tensor? labels)
    {
        if (outputs.Count < HeldOutEvery)
            throw new DataException("fit samples", $"{outputs.Count} are too few for '{Name}'", $"give at least {HeldOutEvery}, better some hundreds: a fifth is held out");
        long[] all = [.. Enumerable.Range(0, (int)outputs.Count).Select(i => (long)i)];
        long[] fitted = [.. all.Where(i => i % HeldOutEvery != 0)];
        using NetworkOutputs fit = outputs.Select(fitted);
        using NetworkOutputs heldOut = outputs.Select([.. all.Where(i => i % HeldOutEvery == 0)]);
        for (int i = 0; i < _members.Length; i++)
        {
            _members[i].Fit(fit, labels?.index_select(0, torch.tensor(fitted)));
            Keep($"ranks.{i}", _members[i].Score(heldOut).sort().Values);
        }
    }

    private protected override IEnumerable<FittedArray> Fitted(long features, long classes) => [.. _members.Select((_, i) => new FittedArray($"ranks.{i}", FittedArray.Rows))];

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start)
    {
        using var outputs = new NetworkOutputs(logits.alias(), features?.alias(), head);
        Tensor sum = torch.zeros(logits.shape[0], dtype: torch.float64);
        for (int i = 0; i < _members.Length; i++)
        {
            Tensor sorted = Kept($"ranks.{i}");
            Tensor scores = _members[i].Score(outputs);

            // The middle of the ranks of equal scores, in [0, 1].
            Tensor rank = (torch.searchsorted(sorted, scores, right: false) + torch.searchsorted(sorted, scores, right: true)).to(torch.float64) / 2;
            sum.add_(rank / sorted.shape[0]);
        }

        return sum / _members.Length;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            foreach (ScoreRule member in _members)
                member.Dispose();
        }

        base.Dispose(disposing);
    }
}
