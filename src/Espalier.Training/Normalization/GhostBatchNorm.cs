using Espalier.Communication;
using Espalier.Errors;
using Espalier.Training.Loop;
using Espalier.Training.Scaling;
using TorchSharp.Modules;
using TorchSharp.Utils;

namespace Espalier.Training.Normalization;

/// <summary>
/// Batch normalisation (Ioffe &amp; Szegedy 2015) over groups of a fixed size within the batch ("ghost batches", Hoffer et al.
/// 2017): the network then sees the same normalisation at every batch size. In evaluation it uses the running statistics.
/// A group of n samples moves them by 1-(1-m)^(n/g), so that their memory is constant in samples as well.
/// </summary>
/// <remarks>The trainer sets group size and mode (<see cref="TrainerOptions.GhostBatchSize"/>, <see cref="TrainerOptions.BatchNorm"/>).</remarks>
public sealed class GhostBatchNorm : torch.nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    private readonly Parameter _weight;

    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    [ComponentName(Name = "running_mean")]
    private readonly Tensor _runningMean;

    [ComponentName(Name = "running_var")]
    private readonly Tensor _runningVar;

    /// <summary>Creates the layer.</summary>
    /// <param name="features">Channels: the size of dimension 1.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="momentum">m, the weight of a full group's statistics in the running ones, in (0, 1].</param>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public GhostBatchNorm(int features, double epsilon = 1e-5, double momentum = 0.1) : base(nameof(GhostBatchNorm))
    {
        OptionsException.Require(features >= 1, nameof(features), features, "must be at least 1");
        OptionsException.Require(epsilon > 0, nameof(epsilon), epsilon, "must be above 0");
        OptionsException.Require(momentum is > 0 and <= 1, nameof(momentum), momentum, "must lie in (0, 1]");
        (Features, Epsilon, Momentum) = (features, epsilon, momentum);
        _weight = new Parameter(torch.ones(features).DetachFromDisposeScope());
        _bias = new Parameter(torch.zeros(features).DetachFromDisposeScope());
        _runningMean = torch.zeros(features).DetachFromDisposeScope();
        _runningVar = torch.ones(features).DetachFromDisposeScope();
        register_parameter("weight", _weight);
        register_parameter("bias", _bias);
        register_buffer("running_mean", _runningMean);
        register_buffer("running_var", _runningVar);
    }

    /// <summary>Channels.</summary>
    public int Features { get; }

    /// <summary>Added to the variance.</summary>
    public double Epsilon { get; }

    /// <summary>The weight of a full group's statistics in the running ones.</summary>
    public double Momentum { get; }

    /// <summary>Samples per group, at least 2; the whole batch where null.</summary>
    public int? GroupSize { get; set; }

    /// <summary>Samples whose statistics count with <see cref="Momentum"/>; those of a group where null.</summary>
    internal int? BaseGroupSize { get; set; }

    /// <summary>What becomes of the batch statistics.</summary>
    internal StatisticsUpdate Update { get; set; }

    /// <summary>The ranks to take statistics over, where they are synchronised.</summary>
    internal ICommunicator? Ranks { get; set; }

    /// <summary>Statistics that wait for the end of the step, in the order of their groups.</summary>
    internal List<GroupStatistics> Pending { get; } = [];

    /// <param name="input">[batch, features] or [batch, features, ...].</param>
    /// <returns>The same shape.</returns>
    /// <exception cref="ShapeException">Another number of features.</exception>
    public override Tensor forward(Tensor input)
    {
        long[] shape = input.shape;
        if (shape.Length < 2 || shape[1] != Features)
            throw new ShapeException("inputs", shape, $"[batch, {Features}, ...]");
        long n = shape[0];
        bool oneValue = input.numel() == Features;
        if (!training || (oneValue && Ranks is null))
            return Normalize(input, _runningMean, _runningVar, 0, inTraining: false);
        // Views of the same samples lie one after the other and do not share groups. Their groups take turns, as they would
        // if the samples came in smaller batches.
        long views = SampleRandom.Views(n);
        long perView = n / views;
        if (Ranks is not null)
            return views == 1 ? Synchronized(input, Ranks) : torch.cat([.. Enumerable.Range(0, (int)views).Select(v => Synchronized(input.narrow(0, v * perView, perView), Ranks))]);
        long size = GroupSize ?? perView;
        if (n <= Math.Min(size, perView))
            return Group(input);
        var parts = new List<Tensor>[views];
        for (long start = 0; start < perView;)
        {
            // A rest of one sample has no variance: the last group takes it in.
            long take = perView - start - size == 1 ? size + 1 : Math.Min(size, perView - start);
            for (long view = 0; view < views; view++)
                (parts[view] ??= []).Add(Group(input.narrow(0, (view * perView) + start, take)));
            start += take;
        }

        return torch.cat([.. parts.SelectMany(p => p)]);
    }

    /// <summary>Takes the statistics of a group into the running ones.</summary>
    internal void Absorb(GroupStatistics group)
    {
        using var noGradients = torch.no_grad();
        double share = Share(group.Samples);
        using Tensor mean = group.Mean.to(_runningMean.dtype, _runningMean.device);
        using Tensor variance = group.Variance.to(_runningVar.dtype, _runningVar.device);
        _runningMean.lerp_(mean, share);
        _runningVar.lerp_(variance, share);
    }

    private double Share(long samples) => ScalingRule.OneMinusPower(1 - Momentum, samples / (double)(BaseGroupSize ?? samples));

    private Tensor Group(Tensor input)
    {
        if (Update == StatisticsUpdate.None)
            return Normalize(input, null, null, 0, inTraining: true);
        long samples = input.shape[0];
        if (Update == StatisticsUpdate.Immediate)
            return Normalize(input, _runningMean, _runningVar, Share(samples), inTraining: true);

        // With a weight of one the "running" statistics become those of this group.
        Tensor mean = torch.zeros_like(_runningMean).DetachFromDisposeScope();
        Tensor variance = torch.zeros_like(_runningVar).DetachFromDisposeScope();
        Pending.Add(new GroupStatistics(samples, mean, variance));
        return Normalize(input, mean, variance, 1, inTraining: true);
    }

    private Tensor Normalize(Tensor input, Tensor? mean, Tensor? variance, double momentum, bool inTraining) =>
        torch.nn.functional.batch_norm(input, mean!, variance!, _weight, _bias, inTraining, momentum, Epsilon);

    /// <summary>
    /// Sums, square sums and count of all ranks in one all-reduce, in double precision; their gradients come back in
    /// another one.
    /// </summary>
    private Tensor Synchronized(Tensor input, ICommunicator ranks)
    {
        long[] others = [.. Enumerable.Range(0, (int)input.dim()).Where(d => d != 1).Select(d => (long)d)];
        Tensor x = input.to(torch.float64);
        double perRank = input.numel() / (double)Features;
        Tensor local = torch.cat([x.sum(others), (x * x).sum(others), torch.tensor([perRank, input.shape[0]], dtype: torch.float64, device: input.device)]);
        Tensor total = RankSum.Over(ranks, local);
        Tensor count = total[2 * Features].detach();
        Tensor mean = total.narrow(0, 0, Features) / count;
        Tensor variance = (total.narrow(0, Features, Features) / count) - (mean * mean);
        long[] broadcast = [1, Features, .. Enumerable.Repeat(1L, (int)input.dim() - 2)];
        if (Update != StatisticsUpdate.None)
        {
            using var noGradients = torch.no_grad();
            double n = count.ToDouble();
            using Tensor m = mean.detach().to(_runningMean.dtype);
            using Tensor v = (variance.detach() * (n / Math.Max(1, n - 1))).to(_runningVar.dtype);
            Absorb(new GroupStatistics((long)total[(2 * Features) + 1].ToDouble(), m, v));
        }

        Tensor normalized = ((x - mean.view(broadcast)) * (variance + Epsilon).rsqrt().view(broadcast)).to(input.dtype);
        return (normalized * _weight.view(broadcast)) + _bias.view(broadcast);
    }
}
