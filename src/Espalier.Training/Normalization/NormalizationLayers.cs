using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Espalier.Communication;
using Espalier.Errors;
using Espalier.Training.Loop;
using TorchSharp.Modules;

namespace Espalier.Training.Normalization;

/// <summary>
/// The batch norms of the networks in a training: sets their groups, and takes the statistics of all ranks in, in the order
/// of the sample stream, so that running statistics do not depend on the number of ranks.
/// </summary>
internal sealed class NormalizationLayers : IDisposable
{
    private readonly GhostBatchNorm[] _layers;
    private readonly ICommunicator _ranks;
    private readonly StatisticsUpdate _update;

    public NormalizationLayers(IEnumerable<torch.nn.Module> networks, TrainerOptions options, ICommunicator ranks)
    {
        _ranks = ranks;
        var notes = new List<string>();
        (string Name, torch.nn.Module Module)[] all = [.. networks.SelectMany(n => n.named_modules().Append((name: n.GetName(), module: n))).DistinctBy(m => m.module)];
        _layers = [.. all.Select(m => m.Module).OfType<GhostBatchNorm>().Where(l => l.training)];
        int micro = options.MicroBatchSize ?? ((options.BatchSize + ranks.Size - 1) / ranks.Size);
        bool isWhole = micro >= options.LargestBatch && ranks.Size == 1;
        if (all.FirstOrDefault(m => m.Module is BatchNorm1d or BatchNorm2d or BatchNorm3d && m.Module.training) is { Module: { } plain } found)
        {
            OptionsException.Require(isWhole, "microBatchSize", micro,
                $"would change the statistics of {plain.GetType().Name} '{found.Name}', which are those of a micro-batch: use GhostBatchNorm in the model, or one micro-batch per step");
            Any = true;
        }

        Any |= _layers.Length > 0;
        OptionsException.Require(!Any || micro >= 2 || options.BatchNorm == BatchNormMode.Synchronized, "microBatchSize", micro, "must be at least 2 where the model has batch norm: one sample has no variance");
        OptionsException.Require(_layers.Length == 0 || options.BatchNorm != BatchNormMode.Whole || isWhole, "batchNorm", "whole", "takes statistics over the whole batch in one pass: no accumulation and one process; use ghost, or synchronized with one micro-batch per rank");
        OptionsException.Require(options.BatchNorm != BatchNormMode.Synchronized || options.MicroBatchSize is null || micro * ranks.Size >= options.LargestBatch, "microBatchSize", micro, "must be the batch over the ranks with batchNorm synchronized: each layer would need a pass of its own");
        int baseGroup = Math.Min(options.EffectiveBase, micro);
        GroupSize = options.BatchNorm == BatchNormMode.Ghost ? options.GhostBatchSize ?? baseGroup : null;
        _update = ranks.Size > 1 && options.BatchNorm == BatchNormMode.Ghost ? StatisticsUpdate.Deferred : StatisticsUpdate.Immediate;
        foreach (GhostBatchNorm layer in _layers)
        {
            layer.GroupSize = GroupSize;
            layer.BaseGroupSize = GroupSize ?? options.EffectiveBase;
            layer.Ranks = options.BatchNorm == BatchNormMode.Synchronized && ranks.Size > 1 ? ranks : null;
            layer.Update = _update;
        }

        if (_layers.Length > 0 && options.BatchNorm == BatchNormMode.Ghost && options.GhostBatchSize is null && baseGroup < options.EffectiveBase)
            notes.Add($"batch norm takes groups of {baseGroup} samples, the micro-batch, instead of the base batch's {options.EffectiveBase}");
        if (_layers.Length > 0 && GroupSize is { } group && micro > group && micro % group != 0)
            notes.Add($"batch norm takes groups of unequal size: {micro} samples are no multiple of {group}, so that the last group has {Rest(micro, group)}; choose sizes that divide");
        Notes = notes;
    }

    /// <summary>Whether there is any batch norm.</summary>
    public bool Any { get; }

    /// <summary>Whether any of them takes its statistics over groups.</summary>
    public bool HasGhostNorm => _layers.Length > 0;

    /// <summary>Samples of a group, or null where the whole batch is one.</summary>
    public int? GroupSize { get; }

    /// <summary>What the user should know.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Leaves running statistics alone while a pass runs that will be repeated.</summary>
    public void Freeze() => SetUpdate(StatisticsUpdate.None);

    /// <summary>Ends <see cref="Freeze"/>.</summary>
    public void Thaw() => SetUpdate(_update);

    /// <summary>How many groups each layer has met since the last <see cref="Absorb"/>.</summary>
    public int[] Mark() => [.. _layers.Select(l => l.Pending.Count)];

    /// <summary>Takes in the statistics of this step, over all ranks.</summary>
    /// <param name="step">The step's micro-batches.</param>
    /// <param name="marks">For each own micro-batch, <see cref="Mark"/> after it.</param>
    public void Absorb(StepPlan step, IReadOnlyList<int[]> marks)
    {
        if (_update != StatisticsUpdate.Deferred || _layers.Length == 0)
            return;
        IReadOnlyList<byte[]> all = _ranks.Gather(Serialize(marks));
        var readers = new int[all.Count];
        using var scope = torch.NewDisposeScope();
        for (int micro = 0; micro < step.MicroBatches.Count; micro++)
        {
            int rank = micro % _ranks.Size;
            foreach (GhostBatchNorm layer in _layers)
            {
                int groups = BinaryPrimitives.ReadInt32LittleEndian(all[rank].AsSpan(readers[rank]));
                readers[rank] += sizeof(int);
                for (int g = 0; g < groups; g++)
                {
                    long samples = BinaryPrimitives.ReadInt64LittleEndian(all[rank].AsSpan(readers[rank]));
                    readers[rank] += sizeof(long);
                    layer.Absorb(new GroupStatistics(samples, Read(all[rank], ref readers[rank], layer.Features), Read(all[rank], ref readers[rank], layer.Features)));
                }
            }
        }

        Clear();
    }

    public void Dispose()
    {
        Clear();
        foreach (GhostBatchNorm layer in _layers)
        {
            layer.Update = StatisticsUpdate.Immediate;
            layer.Ranks = null;
        }
    }

    private byte[] Serialize(IReadOnlyList<int[]> marks)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        int[] from = new int[_layers.Length];
        foreach (int[] to in marks)
        {
            for (int l = 0; l < _layers.Length; l++)
            {
                writer.Write(to[l] - from[l]);
                for (int g = from[l]; g < to[l]; g++)
                {
                    GroupStatistics group = _layers[l].Pending[g];
                    writer.Write(group.Samples);
                    Write(writer, group.Mean);
                    Write(writer, group.Variance);
                }
            }

            from = to;
        }

        writer.Flush();
        return bytes.ToArray();
    }

    // A rest of one sample joins the group before it.
    private static int Rest(int samples, int group) => samples % group == 1 ? group + 1 : samples % group;

    private static void Write(BinaryWriter writer, Tensor values)
    {
        using Tensor plain = values.to(torch.float64).cpu();
        writer.Write(plain.bytes);
    }

    private static Tensor Read(byte[] bytes, ref int offset, int features)
    {
        double[] values = MemoryMarshal.Cast<byte, double>(bytes.AsSpan(offset, features * sizeof(double))).ToArray();
        offset += features * sizeof(double);
        return torch.tensor(values, dtype: torch.float64);
    }

    private void SetUpdate(StatisticsUpdate update)
    {
        foreach (GhostBatchNorm layer in _layers)
            layer.Update = update;
    }

    private void Clear()
    {
        foreach (GhostBatchNorm layer in _layers)
        {
            foreach (GroupStatistics group in layer.Pending)
                group.Dispose();
            layer.Pending.Clear();
        }
    }
}
