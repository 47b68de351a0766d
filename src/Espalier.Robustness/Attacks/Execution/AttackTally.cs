using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.Execution;

/// <summary>Gathers a result batch by batch.</summary>
internal sealed class AttackTally
{
    private readonly Tensor _adversarials;
    private readonly PerturbationOptions _options;
    private readonly bool[] _correct;
    private readonly bool[] _success;
    private readonly double[] _norms;
    private readonly int[] _firstStage;
    private readonly long[] _queries;
    private readonly long[] _gradients;
    private readonly List<AttackStageTally> _stages = [];
    private int _zeroGradients;
    private int _undefinedGradients;
    private int _withoutStart;

    /// <param name="adversarials">[n, ...], the clean inputs; becomes the result's.</param>
    /// <param name="options">The attack's.</param>
    public AttackTally(Tensor adversarials, PerturbationOptions options)
    {
        (_adversarials, _options) = (adversarials, options);
        int count = (int)adversarials.shape[0];
        (_correct, _success, _norms) = (new bool[count], new bool[count], new double[count]);
        (_firstStage, _queries, _gradients) = (new int[count], new long[count], new long[count]);
        Array.Fill(_correct, true);
        Array.Fill(_firstStage, -1);
    }

    public void Add(long start, AttackedBatch batch)
    {
        using var scope = torch.NewDisposeScope();
        _adversarials.narrow(0, start, batch.Best.shape[0]).copy_(batch.Best);
        double[] norms = HostValues.Doubles(Perturbations.Size(batch.Norm, batch.Best - batch.Clean, batch.Scales));
        bool[] before = HostValues.Booleans(batch.WrongBefore);
        bool[] after = HostValues.Booleans(batch.Fooled);
        for (int i = 0; i < before.Length; i++)
        {
            long row = start + i;
            _correct[row] = !before[i];
            _success[row] = !before[i] && after[i];
            _norms[row] = norms[i];
        }

        batch.FirstStage.CopyTo(_firstStage.AsSpan((int)start));
        batch.Queries.CopyTo(_queries.AsSpan((int)start));
        batch.Gradients.CopyTo(_gradients.AsSpan((int)start));
        AttackStageTally.Add(_stages, batch.Stages.Select(m => m.Tally));
        _zeroGradients += batch.ZeroGradients;
        _undefinedGradients += batch.UndefinedGradients;
        _withoutStart += batch.WithoutStart.Count;
    }

    public AttackResult Result() => new(_adversarials)
    {
        Norm = _options.Norm,
        Epsilon = _options.Epsilon,
        OriginallyCorrect = _correct,
        Success = _success,
        PerturbationNorms = _norms,
        FirstStage = _firstStage,
        QueriesPerSample = _queries,
        GradientsPerSample = _gradients,
        Stages = _stages,
        ZeroGradients = _zeroGradients,
        UndefinedGradients = _undefinedGradients,
        WithoutStart = _withoutStart,
    };
}
