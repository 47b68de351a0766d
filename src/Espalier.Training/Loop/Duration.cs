using System.Globalization;
using System.Text.Json.Serialization;
using Espalier.Errors;

namespace Espalier.Training.Loop;

/// <summary>
/// A stretch of training, whatever the batch size: every length, warm-up, interval and patience is one. Written as
/// <c>"40 epochs"</c>, <c>"1500 steps"</c> or <c>"20480 samples"</c> in recipes.
/// </summary>
[JsonConverter(typeof(DurationJsonConverter))]
public readonly record struct Duration
{
    private const double MostSamples = 1e15;

    /// <summary>A stretch of training.</summary>
    /// <param name="amount">How many; finite and not negative.</param>
    /// <param name="unit">Of what.</param>
    /// <exception cref="OptionsException">The amount is negative, infinite or NaN.</exception>
    public Duration(double amount, DurationUnit unit)
    {
        OptionsException.Require(amount >= 0 && double.IsFinite(amount), "duration", amount, "must be a finite number and not negative");
        (Amount, Unit) = (amount, unit);
    }

    /// <summary>How many; finite and not negative.</summary>
    public double Amount { get; }

    /// <summary>Of what.</summary>
    public DurationUnit Unit { get; }

    /// <summary>No time at all.</summary>
    public static Duration Zero => Samples(0);

    /// <summary>Whether it covers nothing.</summary>
    public bool IsZero => Amount == 0;

    /// <summary>A stretch counted in samples.</summary>
    public static Duration Samples(double amount) => new(amount, DurationUnit.Samples);

    /// <summary>A stretch counted in optimizer steps of the base batch size.</summary>
    public static Duration Steps(double amount) => new(amount, DurationUnit.Steps);

    /// <summary>A stretch counted in passes over the training data.</summary>
    public static Duration Epochs(double amount) => new(amount, DurationUnit.Epochs);

    /// <summary>Reads <c>"40 epochs"</c>, <c>"1500 steps"</c>, <c>"20480 samples"</c>.</summary>
    /// <exception cref="OptionsException">The text is no such thing.</exception>
    public static Duration Parse(string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words is [string number, string unit]
            && double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double amount)
            && amount >= 0 && double.IsFinite(amount))
        {
            switch (unit.ToLowerInvariant())
            {
                case "samples" or "sample": return Samples(amount);
                case "steps" or "step": return Steps(amount);
                case "epochs" or "epoch": return Epochs(amount);
            }
        }

        throw new OptionsException("duration", text, "write a number and a unit: \"40 epochs\", \"1500 steps\" or \"20480 samples\"");
    }

    /// <summary>The number of training samples it covers, to the nearest whole one.</summary>
    /// <param name="baseBatchSize">Samples per base step.</param>
    /// <param name="epochSize">Samples per epoch.</param>
    /// <exception cref="OptionsException">It covers more than 10^15 samples, the most that are counted.</exception>
    public long ToSamples(int baseBatchSize, long epochSize)
    {
        double samples = Math.Round(Unit switch
        {
            DurationUnit.Steps => Amount * baseBatchSize,
            DurationUnit.Epochs => Amount * epochSize,
            _ => Amount,
        });
        OptionsException.Require(samples <= MostSamples, "duration", this, "must cover at most 10^15 samples");
        return (long)samples;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Amount} {Unit.ToString().ToLowerInvariant()}");
}
