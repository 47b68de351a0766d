using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Metrics;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Evaluation;

/// <summary>
/// How robust a model is under an attack. A robust accuracy is an upper bound of the truth: a stronger attack may find more.
/// </summary>
public sealed record RobustnessReport
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>The version of this record's form.</summary>
    public int SchemaVersion { get; init; } = 1;

    /// <summary>The attack, as a policy's text where it has one.</summary>
    public required string Attack { get; init; }

    /// <summary>What measured the changes.</summary>
    public required Norm Norm { get; init; }

    /// <summary>The largest change, in the inputs' unit; infinite where no norm bounds it.</summary>
    public required double Epsilon { get; init; }

    /// <summary>The seed.</summary>
    public required int Seed { get; init; }

    /// <summary>Number of inputs n, right or wrong.</summary>
    public required int Count { get; init; }

    /// <summary>Inputs that were not reached within the budget; they count as standing.</summary>
    public int Undecided { get; init; }

    /// <summary>What the attack could ask of the model.</summary>
    public required Access Access { get; init; }

    /// <summary>Share of inputs that the model gets right without an attack.</summary>
    public double CleanAccuracy => Outcomes.Count(o => o.Correct) / (double)Count;

    /// <summary>Share of all inputs that the model gets right without an attack and under it.</summary>
    public double RobustAccuracy => RobustCount / (double)Count;

    /// <summary>Number of inputs that stand.</summary>
    public int RobustCount => Outcomes.Count(o => o.IsRobust);

    /// <summary>The 95 % interval of the robust accuracy.</summary>
    public WilsonInterval RobustInterval => WilsonInterval.Of(RobustCount, Count);

    /// <summary>Share of successes among the inputs that the model gets right.</summary>
    public double SuccessRate => 1 - (RobustAccuracy / CleanAccuracy);

    /// <summary>Gradients taken, per input of n.</summary>
    public double GradientsPerExample => Outcomes.Sum(o => o.Gradients) / (double)Count;

    /// <summary>Inputs sent through the model, per input of n.</summary>
    public double QueriesPerExample => Outcomes.Sum(o => o.Queries) / (double)Count;

    /// <summary>Wall time in seconds, of this run and those that it goes on from.</summary>
    public double WallSeconds { get; init; }

    /// <summary>Processor time in seconds.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>What each stage did.</summary>
    public IReadOnlyList<AttackStageTally> Stages { get; init; } = [];

    /// <summary>The second look at each success; those not confirmed count as standing.</summary>
    public required AdversarialVerification Verification { get; init; }

    /// <summary>What makes the number less believable.</summary>
    public IReadOnlyList<RobustnessFinding> Findings { get; init; } = [];

    /// <summary>One per input, in order.</summary>
    public IReadOnlyList<ExampleOutcome> Outcomes { get; init; } = [];

    /// <summary>Writes the report as JSON, in one step.</summary>
    /// <param name="path">The file.</param>
    public void Save(string path) => AtomicFile.Replace(path, JsonSerializer.Serialize(this, s_json) + "\n");

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataException">It is missing or damaged.</exception>
    public static RobustnessReport Load(string path)
    {
        if (!File.Exists(path))
            throw new DataException(path, "does not exist", "name a report that espalier attack wrote");
        try
        {
            return StrictJson.ReadFile<RobustnessReport>(path, s_json);
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, $"is no robustness report: {error.Message.TrimEnd('.')}", "make it again", error);
        }
    }
}
