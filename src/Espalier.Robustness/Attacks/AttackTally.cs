namespace Espalier.Robustness;

/// <summary>Gathers a result batch by batch.</summary>
internal sealed class AttackTally
{
    private readonly List<bool> _correct = [];
    private readonly List<bool> _success = [];
    private readonly List<double> _norms = [];
    private int _zeroGradients;

    public long GradientEvaluations { get; set; }

    public long Queries { get; set; }

    public void AddZeroGradients(Tensor gradient) =>
        _zeroGradients += (int)gradient.flatten(1).eq(0).all(1).sum().ToInt64();

    public void AddFates(Tensor wrongBefore, Tensor wrongAfter)
    {
        bool[] before = wrongBefore.cpu().data<bool>().ToArray();
        bool[] after = wrongAfter.cpu().data<bool>().ToArray();
        _correct.AddRange(before.Select(wrong => !wrong));
        _success.AddRange(before.Zip(after, (wrong, fooled) => !wrong && fooled));
    }

    public void AddNorms(Tensor norms) => _norms.AddRange(norms.cpu().to(torch.float64).data<double>().ToArray());

    public AttackResult Result(Tensor adversarials) =>
        new(adversarials, [.. _correct], [.. _success], [.. _norms], GradientEvaluations, Queries, _zeroGradients);
}
