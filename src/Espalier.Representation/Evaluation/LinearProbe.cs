using System.Runtime.InteropServices;
using Espalier.Metrics;

namespace Espalier.Representation;

/// <summary>
/// How well a linear classifier tells the classes apart on frozen features: multinomial logistic regression with an L2
/// penalty on features standardised by the training part, fitted by L-BFGS in float64. The problem is strictly convex in
/// the weights, so that the result has neither a seed nor a learning rate.
/// </summary>
public sealed class LinearProbe
{
    /// <summary>Creates the probe.</summary>
    /// <param name="options">How it fits.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public LinearProbe(LinearProbeOptions options)
    {
        options.Validate();
        Options = options;
    }

    /// <summary>How it fits.</summary>
    public LinearProbeOptions Options { get; }

    /// <summary>Fits on the training part, measures on the test part.</summary>
    /// <param name="trainFeatures">[n, d].</param>
    /// <param name="trainLabels">[n], integers of at least 0; two classes at least.</param>
    /// <param name="testFeatures">[m, d].</param>
    /// <param name="testLabels">[m], integers of at least 0.</param>
    /// <param name="cancellationToken">Stops the fit.</param>
    /// <returns>The result; its tensors are in no dispose scope.</returns>
    /// <exception cref="ShapeException">The shapes do not fit each other.</exception>
    /// <exception cref="DataException">No rows, a NaN, a negative label, a single class.</exception>
    public LinearProbeResult Run(Tensor trainFeatures, Tensor trainLabels, Tensor testFeatures, Tensor testLabels, CancellationToken cancellationToken = default)
        => Run(trainFeatures, trainLabels, testFeatures, testLabels, start: null, cancellationToken);

    /// <summary>As the public method, from a start of the caller's: [classes·d weights, classes biases] for standardised features.</summary>
    internal LinearProbeResult Run(Tensor trainFeatures, Tensor trainLabels, Tensor testFeatures, Tensor testLabels, double[]? start, CancellationToken cancellationToken)
    {
        LabelledFeatures.Check(trainFeatures, nameof(trainFeatures), atLeast: 2);
        LabelledFeatures.Check(testFeatures, nameof(testFeatures));
        LabelledFeatures.CheckWidth(testFeatures, nameof(testFeatures), trainFeatures, nameof(trainFeatures));
        long[] train = LabelledFeatures.Labels(trainLabels, nameof(trainLabels), trainFeatures.shape[0]);
        long[] test = LabelledFeatures.Labels(testLabels, nameof(testLabels), testFeatures.shape[0]);
        LabelledFeatures.RequireTwoClasses(train, nameof(trainLabels));

        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        int classes = (int)Math.Max(train.Max(), test.Max()) + 1;
        Tensor x = trainFeatures.detach().cpu().to(torch.float64); // [n, d]
        Tensor mean = x.mean([0L]), deviation = x.std(0, unbiased: false);
        // A dimension that never varies says nothing: it becomes zero, not a division by zero.
        deviation = torch.where(deviation.gt(1e-12), deviation, torch.ones_like(deviation));
        x = (x - mean) / deviation;

        (int n, int d) = ((int)x.shape[0], (int)x.shape[1]);
        Tensor labels = torch.tensor(train);
        double[] point = start is null ? new double[classes * (d + 1)] : [.. start];
        LimitedMemoryBfgs.Outcome outcome = LimitedMemoryBfgs.Minimize(
            (at, gradient) => LossAndGradient(x, labels, classes, at, gradient), point, Options.GradientTolerance, Options.MaxIterations, Options.Memory, cancellationToken);

        Tensor solution = torch.tensor(point);
        Tensor weights = solution.narrow(0, 0, classes * d).view(classes, d) / deviation;
        Tensor bias = solution.narrow(0, classes * d, classes) - weights.mv(mean);
        Tensor testScores = testFeatures.detach().cpu().to(torch.float64).mm(weights.t()) + bias;
        Tensor trainScores = trainFeatures.detach().cpu().to(torch.float64).mm(weights.t()) + bias;
        Tensor testTruth = torch.tensor(test);
        return new LinearProbeResult(
            Metrics.Accuracy.Of(testScores, testTruth),
            TopKAccuracy.Of(testScores, testTruth, Math.Min(5, classes)),
            Metrics.Accuracy.Of(trainScores, labels),
            outcome.Value,
            outcome.GradientNorm,
            outcome.Iterations,
            outcome.GradientNorm <= Options.GradientTolerance,
            weights.DetachFromDisposeScope(),
            bias.DetachFromDisposeScope());
    }

    private double LossAndGradient(Tensor x, Tensor labels, int classes, double[] at, double[] gradient)
    {
        using var step = torch.NewDisposeScope();
        (long n, int d) = (x.shape[0], (int)x.shape[1]);
        Tensor point = torch.tensor(at);
        Tensor weights = point.narrow(0, 0, classes * d).view(classes, d), bias = point.narrow(0, classes * d, classes);
        Tensor logits = x.mm(weights.t()).add_(bias); // [n, classes]
        Tensor normalizer = logits.logsumexp(1, keepdim: true);
        Tensor column = labels.unsqueeze(1);
        double loss = (normalizer - logits.gather(1, column)).mean().ToDouble() + (Options.L2 * weights.pow(2).sum().ToDouble());
        Tensor derivative = (logits - normalizer).exp_();
        derivative.scatter_add_(1, column, torch.full_like(normalizer, -1)).div_(n);
        Tensor byWeights = derivative.t().mm(x).add_(weights, alpha: 2 * Options.L2).contiguous();
        MemoryMarshal.Cast<byte, double>(byWeights.bytes).CopyTo(gradient);
        MemoryMarshal.Cast<byte, double>(derivative.sum([0L]).contiguous().bytes).CopyTo(gradient.AsSpan(classes * d));
        return loss;
    }
}
