using System.Runtime.InteropServices;
using Espalier.Errors;
using Espalier.Metrics;

namespace Espalier.Representation.Evaluation;

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

    /// <summary>As the public method, from a start of the caller's, classes·d numbers for the weights and classes for the biases.</summary>
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

        int d = (int)x.shape[1];
        Tensor labels = torch.tensor(train);
        var scaling = new Scaling(x, classes, Options.L2);
        double[] point = start is null ? new double[classes * (d + 1)] : [.. start];
        LimitedMemoryBfgs.Outcome outcome = LimitedMemoryBfgs.Minimize(
            (at, gradient) => LossAndGradient(x, labels, scaling, at, gradient), point, Options.GradientTolerance, Options.MaxIterations, Options.Memory, cancellationToken);

        (Tensor scaled, Tensor solvedBias) = scaling.Parameters(point);
        Tensor weights = scaled / deviation;
        Tensor bias = solvedBias - weights.mv(mean);
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

    private (double Loss, double GradientNorm) LossAndGradient(Tensor x, Tensor labels, Scaling scaling, double[] at, double[] gradient)
    {
        using var step = torch.NewDisposeScope();
        (Tensor weights, Tensor bias) = scaling.Parameters(at);
        Tensor logits = x.mm(weights.t()).add_(bias); // [n, classes]
        Tensor normalizer = logits.logsumexp(1, keepdim: true);
        Tensor column = labels.unsqueeze(1);
        double loss = (normalizer - logits.gather(1, column)).mean().ToDouble() + (Options.L2 * weights.pow(2).sum().ToDouble());
        Tensor derivative = (logits - normalizer).exp_();
        derivative.scatter_add_(1, column, torch.full_like(normalizer, -1)).div_(x.shape[0]);
        Tensor byWeights = derivative.t().mm(x).add_(weights, alpha: 2 * Options.L2); // [classes, d]
        Tensor byBias = derivative.sum([0L]);
        scaling.Gradient(byWeights, byBias, gradient);
        return (loss, Math.Max(byWeights.abs().max().ToDouble(), byBias.abs().max().ToDouble()));
    }

    /// <summary>
    /// Variables in which the problem is round: features of neighbouring pixels or units are so correlated that L-BFGS would
    /// need ten times the steps. At zero weights the Hessian is (1-1/k)/k times the features' covariance, plus the penalty; W is
    /// written in the covariance's eigenvectors, each divided by the root of its curvature. The optimum is the same.
    /// </summary>
    private sealed class Scaling
    {
        private readonly Tensor _toWeights; // [d, d]: W = U·this
        private readonly double _toBias;
        private readonly int _classes, _width;

        public Scaling(Tensor x, int classes, double l2)
        {
            (_classes, _width) = (classes, (int)x.shape[1]);
            double curvature = (1 - (1.0 / classes)) / classes;
            (Tensor values, Tensor vectors) = torch.linalg.eigh(x.t().mm(x).div_(x.shape[0]));
            Tensor root = (values.clamp_min(0) * curvature).add_(2 * l2).sqrt_();
            _toWeights = vectors.div(root).t().contiguous();
            _toBias = 1 / Math.Sqrt(curvature);
        }

        /// <summary>Weights [classes, d] and biases [classes] of a point.</summary>
        public (Tensor Weights, Tensor Bias) Parameters(double[] point)
        {
            Tensor all = torch.tensor(point);
            int split = _classes * _width;
            return (all.narrow(0, 0, split).view(_classes, _width).mm(_toWeights), all.narrow(0, split, _classes) * _toBias);
        }

        /// <summary>The gradient by the point, from that by weights and biases.</summary>
        public void Gradient(Tensor byWeights, Tensor byBias, double[] gradient)
        {
            MemoryMarshal.Cast<byte, double>(byWeights.mm(_toWeights.t()).contiguous().bytes).CopyTo(gradient);
            MemoryMarshal.Cast<byte, double>((byBias * _toBias).contiguous().bytes).CopyTo(gradient.AsSpan(_classes * _width));
        }
    }
}
