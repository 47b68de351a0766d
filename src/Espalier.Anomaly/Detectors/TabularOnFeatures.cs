using Espalier.Anomaly.Tabular;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>A detector of table rows on a network's features: each sample's features are a row, each unit a column.</summary>
public sealed class TabularOnFeatures : ScoreRule
{
    private readonly string _text;
    private TabularDetector _detector;

    /// <summary>Creates the rule.</summary>
    /// <param name="text">As <see cref="TabularDetector.Create"/> reads it: <c>deep-svdd:epochs=20</c>.</param>
    /// <exception cref="NotFoundException">There is no detector or option of that name.</exception>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public TabularOnFeatures(string text) : base(text.Split(':')[0], DetectorNeeds.Features | DetectorNeeds.Fit)
    {
        _text = text;
        _detector = TabularDetector.Create(text);
    }

    /// <inheritdoc/>
    public override string Text => _text;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, NpyArray> State()
    {
        Dictionary<string, NpyArray> state = new(base.State(), StringComparer.Ordinal);
        foreach ((string name, Array values, long[] shape) in _detector.Save().Arrays)
        {
            state[$"rows.{name}"] = values switch
            {
                double[] numbers => NpyArray.Of(numbers, shape),
                float[] singles => NpyArray.Of(singles, shape),
                int[] integers => NpyArray.Of(integers, shape),
                _ => throw new DataException($"the state of '{Name}'", $"holds an array of {values.GetType().GetElementType()}", "report this"),
            };
        }

        return state;
    }

    /// <inheritdoc/>
    public override void Restore(IReadOnlyDictionary<string, NpyArray> state)
    {
        base.Restore(state.Where(s => !s.Key.StartsWith("rows.", StringComparison.Ordinal)).ToDictionary());
        TabularState rows = TabularState.Of(state.Where(s => s.Key.StartsWith("rows.", StringComparison.Ordinal)).ToDictionary(s => s.Key["rows.".Length..], s => s.Value));
        Replace();
        int width = rows.Integers("width", 1, MostFeatures, 1)[0];
        if (width != FittedFeatures)
            throw new DataException($"the state of '{Name}'", $"is of {width} features, not {FittedFeatures}", "fit the detector again");
        _detector.Load(rows, [.. Enumerable.Range(0, width).Select(i => $"feature {i}")]);
    }

    private protected override void FitOutputs(NetworkOutputs outputs, Tensor? labels)
    {
        // Some of them train a network.
        using var _ = torch.enable_grad();
        Replace();
        _detector.Fit(outputs.Features!, [.. Enumerable.Range(0, (int)outputs.Features!.shape[1]).Select(i => $"feature {i}")]);
    }

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start) => _detector.Score(features!);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            (_detector as IDisposable)?.Dispose();
        base.Dispose(disposing);
    }

    private void Replace()
    {
        (_detector as IDisposable)?.Dispose();
        _detector = TabularDetector.Create(_text);
    }
}
