using System.Text.Json;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Models;
using Espalier.Robustness.Attacks;

namespace Espalier.Robustness.Evaluation;

/// <summary>What a batch of an evaluation came to, in memory or in a checkpoint's file.</summary>
internal sealed class EvaluatedBatch : IDisposable
{
    private const string Record = "record";
    private const string Inputs = "adversarials";

    public required Tensor Adversarials { get; init; }

    public required BatchRecord Outcome { get; init; }

    /// <summary>What of it is text.</summary>
    internal sealed record BatchRecord(bool[] Correct, int[] Stage, double[] Distance, long[] Queries, long[] Gradients, AttackStageTally[] Stages, int ZeroGradients, int UndefinedGradients, double WallSeconds, bool IsComplete, int WithoutStart = 0);

    public static EvaluatedBatch Of(AttackResult result, double wallSeconds, bool isComplete) => new()
    {
        Adversarials = result.Adversarials,
        Outcome = new([.. result.OriginallyCorrect], [.. result.FirstStage], [.. result.PerturbationNorms], [.. result.QueriesPerSample], [.. result.GradientsPerSample],
            [.. result.Stages], result.ZeroGradients, result.UndefinedGradients, wallSeconds, isComplete, result.WithoutStart),
    };

    public void Write(string path) => SafetensorsFile.Write(path, [new(Inputs, Adversarials)], new Dictionary<string, string> { [Record] = JsonSerializer.Serialize(Outcome) });

    public static EvaluatedBatch Read(string path, torch.Device device)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        if (!file.Metadata.TryGetValue(Record, out string? text) || !file.Contains(Inputs))
            throw new CheckpointException(path, "is no batch of an evaluation", "delete the checkpoint and begin again");
        try
        {
            BatchRecord outcome = StrictJson.Read<BatchRecord>(text);
            return new() { Outcome = outcome, Adversarials = file.Load(Inputs, device).DetachFromDisposeScope() };
        }
        catch (JsonException error)
        {
            throw new CheckpointException(path, $"is no batch of an evaluation ({error.Message})", "delete the checkpoint and begin again", error);
        }
    }

    public void Dispose() => Adversarials.Dispose();
}
