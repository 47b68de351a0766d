using System.Globalization;
using System.Text.Json;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Models;
using Espalier.Training.Averages;
using Espalier.Training.Loop;
using Espalier.Training.Normalization;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;

namespace Espalier.Training.Checkpoints;

/// <summary>
/// The whole state of a training in one safetensors file: weights and buffers under their own names, averaged ones under
/// <c>ema.</c>, moments under <c>optimizer.</c>, an objective's own tensors under <c>state.</c>, counters and options in the header.
/// </summary>
internal sealed class TrainingCheckpoint(Objective objective, string data, FlatParameters parameters, GroupOptimizer optimizer, ModelEma? ema, PostHocAverages? postHoc, TrainerOptions options, bool hasGhostNorm)
{
    private const string MetadataKey = "espalier.training";
    private const string StatePrefix = "state.";

    /// <summary>The counters of a training.</summary>
    public sealed record Counters(
        long Step, long SamplesSeen, int BatchSize, double TrainingSeconds, double Loss, double? Best, long BestSamples,
        long EmaSamples, long EmaPendingSamples, int EmaPendingSteps, Dictionary<string, double> Optimizer, TrainerOptions Options, string? Data = null);

    public void Save(string path, Counters counters)
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var tensors = new List<KeyValuePair<string, Tensor>>();
        foreach ((string name, Tensor tensor) in objective.Model.state_dict())
            tensors.Add(new(name, tensor));
        foreach ((string name, Tensor flat, IReadOnlyList<FlatSlice> slices) in FlatState())
        {
            foreach (FlatSlice slice in slices)
                tensors.Add(new(name + slice.Name, slice.Of(flat)));
        }

        foreach ((string name, Tensor average) in Buffers())
            tensors.Add(new(name, average));
        foreach ((string name, Tensor state) in objective.State)
            tensors.Add(new(StatePrefix + name, state));
        SafetensorsFile.Write(path, tensors, new Dictionary<string, string>
        {
            [MetadataKey] = JsonSerializer.Serialize(counters with { Options = options, Data = data }, TrainingJson.Options),
        });
    }

    public Counters Load(string path)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        Counters counters = ReadCounters(file);
        RequireSameOptions(path, counters.Options);
        if (counters.Data is { } before && before != data)
            throw new CheckpointException(path, "was trained on other data: their checksum differs", "resume with the same data, or start a new run");
        ModelWeights.Load(objective.Model, path);
        foreach ((string name, Tensor flat, IReadOnlyList<FlatSlice> slices) in FlatState())
        {
            foreach (FlatSlice slice in slices)
            {
                using Tensor view = slice.Of(flat);
                file.LoadInto(name + slice.Name, view);
            }
        }

        foreach ((string name, Tensor average) in Buffers())
            file.LoadInto(name, average);
        foreach ((string name, Tensor state) in objective.State)
            file.LoadInto(StatePrefix + name, state);
        ema?.Restore(counters.EmaSamples, counters.EmaPendingSamples, counters.EmaPendingSteps);
        foreach ((string _, ModelEma average) in postHoc?.State ?? [])
            average.Restore(counters.SamplesSeen, 0, 0);
        foreach ((string name, double value) in counters.Optimizer)
            optimizer.Restore(name, value);
        return counters;
    }

    /// <summary>Takes weights, buffers and averages only: going back to the best ones.</summary>
    public void LoadWeights(string path)
    {
        ModelWeights.Load(objective.Model, path);
        if (ema is null)
            return;
        SafetensorsFile file = SafetensorsFile.Open(path);
        foreach (FlatSlice slice in parameters.Slices)
        {
            using Tensor view = slice.Of(ema.Weights);
            file.LoadInto(ModelWeights.EmaPrefix + slice.Name, view);
        }

        foreach ((string name, Tensor average) in ema.Buffers)
            file.LoadInto(ModelWeights.EmaPrefix + name, average);
    }

    private IEnumerable<(string Prefix, Tensor Flat, IReadOnlyList<FlatSlice> Slices)> FlatState()
    {
        if (ema is not null)
            yield return (ModelWeights.EmaPrefix, ema.Weights, parameters.Slices);
        foreach ((string prefix, ModelEma average) in postHoc?.State ?? [])
            yield return (prefix, average.Weights, parameters.Slices);
        foreach ((string name, Tensor flat, IReadOnlyList<FlatSlice> slices) in optimizer.State)
            yield return ($"optimizer.{name}.", flat, slices);
    }

    private IEnumerable<(string Name, Tensor Average)> Buffers() => (ema?.Buffers ?? []).Select(b => (ModelWeights.EmaPrefix + b.Name, b.Average))
        .Concat((postHoc?.State ?? []).SelectMany(s => s.Average.Buffers.Select(b => (s.Prefix + b.Name, b.Average))));

    /// <summary>The sha256 of a checkpoint: on several machines it may be several files.</summary>
    public static string Fingerprint(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file));
    }

    public static Counters ReadCounters(SafetensorsFile file)
    {
        if (!file.Metadata.TryGetValue(MetadataKey, out string? json))
            throw new CheckpointException(file.Path, "holds weights but no training state", "resume from checkpoints/last.safetensors of a run");
        try
        {
            return StrictJson.Read<Counters>(json, TrainingJson.Options);
        }
        catch (JsonException error)
        {
            throw new CheckpointException(file.Path, "has a training state that cannot be read", "it was written by another version: start the run anew", error);
        }
    }

    private void RequireSameOptions(string path, TrainerOptions saved)
    {
        if (saved.MicroBatchSize != options.MicroBatchSize)
            RequireSameResult(path, saved);

        // A micro-batch is what fits into memory, and nothing else. An option that the file lacks had its default.
        JsonElement before = JsonSerializer.SerializeToElement(saved with { MicroBatchSize = options.MicroBatchSize }, TrainingJson.Options);
        JsonElement now = JsonSerializer.SerializeToElement(options, TrainingJson.Options);
        if (Difference("", before, now) is { } difference)
            throw new CheckpointException(path, $"was trained with other options: {difference}", "resume with the same options, or start a new run");
    }

    /// <summary>Refuses another micro-batch where statistics are taken over it.</summary>
    private void RequireSameResult(string path, TrainerOptions saved)
    {
        string sizes = string.Create(CultureInfo.InvariantCulture, $"microBatchSize was {saved.MicroBatchSize?.ToString(CultureInfo.InvariantCulture) ?? "the batch"} and is {options.MicroBatchSize?.ToString(CultureInfo.InvariantCulture) ?? "the batch"}");
        if (hasGhostNorm && options.GhostBatchSize is null && options.BatchNorm == BatchNormMode.Ghost)
            throw new CheckpointException(path, $"was trained with batch norm over groups that follow the micro-batch: {sizes}", "resume with the same microBatchSize; a run that names ghostBatchSize can change it");
        if (options.MeasureNoiseScale)
            throw new CheckpointException(path, $"measures the gradient noise scale from its micro-batches: {sizes}", "resume with the same microBatchSize; a run without measureNoiseScale can change it");
    }

    private static string? Difference(string name, JsonElement before, JsonElement now)
    {
        if (before.ValueKind == JsonValueKind.Object && now.ValueKind == JsonValueKind.Object)
        {
            return now.EnumerateObject()
                .Select(p => before.TryGetProperty(p.Name, out JsonElement b) ? Difference($"{name}.{p.Name}", b, p.Value) : $"{name[1..]}.{p.Name} is new")
                .FirstOrDefault(d => d is not null);
        }

        string was = before.GetRawText();
        string isNow = now.GetRawText();
        return was == isNow ? null : string.Create(CultureInfo.InvariantCulture, $"{name.TrimStart('.')} was {was} and is {isNow}");
    }
}
