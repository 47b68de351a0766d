using Espalier.Errors;
using static TorchSharp.torch.nn;

namespace Espalier.Representation.Losses;

/// <summary>
/// DINO's loss (Caron et al., ICCV 2021, equation 3): the cross-entropy of the student's distribution of one crop against
/// the teacher's of another, the teacher's logits being centred and sharpened.
/// </summary>
public sealed class DinoLoss
{
    /// <summary>Creates the loss.</summary>
    /// <param name="options">Temperatures and centre.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public DinoLoss(DinoLossOptions options)
    {
        options.Validate();
        Options = options;
    }

    /// <summary>Temperatures and centre.</summary>
    public DinoLossOptions Options { get; }

    /// <summary>The teacher's temperature where the training stands.</summary>
    /// <param name="progress">The share of the training's samples seen, in [0, 1].</param>
    public double TeacherTemperatureAt(double progress)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(progress);
        double share = progress >= Options.TeacherWarmup ? 1 : progress / Options.TeacherWarmup;
        return Options.TeacherWarmupTemperature + (share * (Options.TeacherTemperature - Options.TeacherWarmupTemperature));
    }

    /// <summary>The loss: the mean over the pairs (teacher's crop i, student's crop j ≠ i), summed over the samples.</summary>
    /// <param name="student">The student's logits of each crop, [n, k]; the teacher's crops come first, in the teacher's order.</param>
    /// <param name="teacher">The teacher's logits of each global crop, [n, k]; no gradient flows into them.</param>
    /// <param name="centre">c, [k] or [1, k].</param>
    /// <param name="teacherTemperature">See <see cref="TeacherTemperatureAt"/>. Above 0.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ShapeException">Logits of different shapes, or a centre of another width.</exception>
    /// <exception cref="OptionsException">Fewer than two crops of the student, none of the teacher or more than of the student, or a temperature of 0.</exception>
    public Tensor Sum(IReadOnlyList<Tensor> student, IReadOnlyList<Tensor> teacher, Tensor centre, double teacherTemperature)
    {
        OptionsException.Require(student.Count >= 2, nameof(student), $"{student.Count} crops", "must be at least two crops");
        OptionsException.Require(teacher.Count >= 1 && teacher.Count <= student.Count, nameof(teacher), $"{teacher.Count} crops", $"must be one to {student.Count} crops, as the student has");
        OptionsException.Require(teacherTemperature > 0, nameof(teacherTemperature), teacherTemperature, "must be above 0");
        foreach (Tensor logits in student)
            EmbeddingPair.Check(teacher[0], nameof(teacher), logits, nameof(student), atLeast: 1);
        foreach (Tensor logits in teacher)
            EmbeddingPair.Check(teacher[0], nameof(teacher), logits, nameof(teacher), atLeast: 1);
        CheckCentre(centre, teacher[0].shape[1]);

        // The sum over pairs is a product of sums less the pairs of a crop with itself:
        // each student crop meets the sum of the other crops' targets.
        Tensor[] targets = [.. teacher.Select(t => functional.softmax((t.detach() - centre.detach()) / teacherTemperature, 1))];
        Tensor allTargets = targets.Aggregate((a, b) => a + b); // [n, k]
        Tensor? sum = null;
        for (int j = 0; j < student.Count; j++)
        {
            if (j == 0 && teacher.Count == 1)
                continue;
            Tensor others = j < targets.Length ? allTargets - targets[j] : allTargets;
            Tensor crossEntropy = -(others * functional.log_softmax(student[j] / Options.StudentTemperature, 1)).sum();
            sum = sum is null ? crossEntropy : sum + crossEntropy;
        }

        return sum! / (teacher.Count * (student.Count - 1));
    }

    /// <summary>
    /// Moves the centre in place, once per optimizer step: c ← m·c + (1-m)·sum/count. Sum and count are those of the whole
    /// effective batch, over all micro-batches and ranks.
    /// </summary>
    /// <param name="centre">c, [k] or [1, k].</param>
    /// <param name="teacherSum">The teacher's logits summed over samples and global crops, [k] or [1, k].</param>
    /// <param name="count">How many logits were summed: samples times global crops, above 0.</param>
    /// <param name="momentum">m, in [0, 1]: <see cref="DinoLossOptions.CentreMomentum"/>, raised to κ at κ times the base batch.</param>
    /// <exception cref="ShapeException">The two have different widths.</exception>
    /// <exception cref="OptionsException">A count or momentum out of its range.</exception>
    public static void UpdateCentre(Tensor centre, Tensor teacherSum, double count, double momentum)
    {
        OptionsException.Require(count > 0, nameof(count), count, "must be above 0");
        OptionsException.Require(momentum is >= 0 and <= 1, nameof(momentum), momentum, "must be in 0..1");
        CheckCentre(centre, teacherSum.numel());
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        centre.mul_(momentum).add_(teacherSum.detach().view(centre.shape), alpha: (1 - momentum) / count);
    }

    private static void CheckCentre(Tensor centre, long width)
    {
        if (centre.numel() != width || centre.shape is not ([_] or [1, _]))
            throw new ShapeException(nameof(centre), centre.shape, $"[{width}] or [1, {width}]");
    }
}
