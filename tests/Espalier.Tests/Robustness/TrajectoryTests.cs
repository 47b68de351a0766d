using System.Text.Json;
using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Attacks.MinimumNorm;
using Espalier.Robustness.Losses;
using Espalier.Robustness.Regions;
using Espalier.Tests.Architecture;
using Espalier.Tests.Checkpoints;

namespace Espalier.Tests.Robustness;

/// <summary>
/// Step by step beside the authors' own code (benchmarks/python/attack_trajectories.py), in double precision on a network of tanh
/// units, whose loss surface bends: on a linear one a wrong momentum, schedule or pull to the clean input changes no result.
/// </summary>
public sealed class TrajectoryTests
{
    // The authors divide by a length plus 1e-12 where ours divides by less or nothing; forty steps make at most 1.4e-7 of it in their own code.
    private const double Tolerance = 1e-6;
    private const int Every = 10;
    private static readonly JsonElement s_all = Read();

    public static TheoryData<int> Climbs => [.. Enumerable.Range(0, s_all.GetProperty("apgd").GetArrayLength())];

    public static TheoryData<int> Approaches => [.. Enumerable.Range(0, s_all.GetProperty("fab").GetArrayLength())];

    [Theory]
    [MemberData(nameof(Climbs))]
    public void Auto_pgd_climbs_as_its_authors_code_does(int which)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        JsonElement expected = s_all.GetProperty("apgd")[which];
        var network = new TanhNetwork();
        int steps = expected.GetProperty("steps").GetInt32();
        bool isRatio = expected.GetProperty("loss").GetString() != "ce";
        var options = new AutoPgdOptions
        {
            Norm = Enum.Parse<Norm>(expected.GetProperty("norm").GetString()!, true),
            Epsilon = expected.GetProperty("epsilon").GetDouble(),
            Steps = steps,
            Loss = isRatio ? AttackLoss.DifferenceOfLogitsRatio : AttackLoss.CrossEntropy,
            StopWhenFooled = false,
        };
        Tensor? aim = expected.GetProperty("targets") is { ValueKind: JsonValueKind.Array } targets ? Integers(targets) : null;
        (AttackedBatch batch, ActiveSamples active) = Begin(network, options);
        var objective = AttackObjective.Of(options.Loss);
        new AdaptiveAscent(batch, objective, options.Steps, options.Momentum, options.Rho).Run(active, Start(expected), aim);

        Tensor[] points = [.. network.Seen.Skip(1).Select(s => s.Input)];
        Assert.Equal(steps + 1, points.Length);
        Same(expected, points, x => aim is null ? objective.Away(network.Logits(x), Labels()) : objective.Toward(network.Logits(x), Labels(), aim));
        active.Dispose();
    }

    [Theory]
    [MemberData(nameof(Approaches))]
    public void Fast_adaptive_boundary_approaches_as_its_authors_code_does(int which)
    {
        using var scope = torch.NewDisposeScope();
        JsonElement expected = s_all.GetProperty("fab")[which];
        var network = new TanhNetwork();
        int steps = expected.GetProperty("steps").GetInt32();
        var options = new FastAdaptiveBoundaryOptions
        {
            Norm = Enum.Parse<Norm>(expected.GetProperty("norm").GetString()!, true),
            Epsilon = double.PositiveInfinity,
            Steps = steps,
            Targets = 0,
            StopWhenFooled = false,
        };
        using AttackResult result = new FastAdaptiveBoundary(options).Run(network, Inputs(), Labels());

        Tensor[] points = [.. network.Seen.Where(s => s.HasGraph).Select(s => s.Input)];
        Assert.Equal(steps, points.Length);
        Same(expected, points, x => Perturbations.Size(options.Norm, x - Inputs()));
    }

    private static void Same(JsonElement expected, Tensor[] points, Func<Tensor, Tensor> value)
    {
        double[][] values = [.. expected.GetProperty("values").EnumerateArray().Select(Numbers)];
        for (int step = 0; step < points.Length; step++)
            Near(values[step], Numbers(value(points[step])), $"value at step {step}");
        for (int i = 0; i < expected.GetProperty("points").GetArrayLength(); i++)
            Near(Numbers(expected.GetProperty("points")[i]), Numbers(points[i * Every]), $"point at step {i * Every}");
    }

    private static void Near(double[] expected, double[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= Tolerance, $"{what}, number {i}: {actual[i]:R}, the authors' {expected[i]:R}");
    }

    private static (AttackedBatch Batch, ActiveSamples Active) Begin(TanhNetwork network, AutoPgdOptions options)
    {
        Tensor x = Inputs();
        var batch = new AttackedBatch(new AttackTarget(network, new QueryMeter(), x), x, Labels(), null, new long[x.shape[0]], options, default);
        batch.BeginStage(0, "apgd");
        return (batch, batch.Activate(options.Epsilon)!);
    }

    private static Tensor Inputs() => ReferenceModel.Doubles(704, [s_all.GetProperty("labels").GetArrayLength(), TanhNetwork.Features], 0.8, 0.5);

    private static Tensor Labels() => Integers(s_all.GetProperty("labels"));

    private static Tensor Start(JsonElement trajectory) => torch.tensor(Numbers(trajectory.GetProperty("start"))).reshape(-1, TanhNetwork.Features);

    private static Tensor Integers(JsonElement values) => torch.tensor(values.EnumerateArray().Select(v => v.GetInt64()).ToArray());

    private static double[] Numbers(JsonElement values) => [.. values.EnumerateArray().Select(v => v.GetDouble())];

    private static double[] Numbers(Tensor values) => values.detach().flatten().data<double>().ToArray();

    private static JsonElement Read()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(SourceTree.Root, "tests", "Espalier.Tests", "Robustness", "trajectories.json")));
        return document.RootElement.Clone();
    }

    /// <summary>Logits V tanh(W x + b) + c, and every input that it has been asked for.</summary>
    private sealed class TanhNetwork : IDifferentiableClassifier
    {
        public const int Features = 8;
        private const int Width = 16;

        private readonly Tensor _w = ReferenceModel.Doubles(700, [Width, Features], 6);
        private readonly Tensor _b = ReferenceModel.Doubles(701, [Width], 2);
        private readonly Tensor _v = ReferenceModel.Doubles(702, [5, Width], 4);
        private readonly Tensor _c = ReferenceModel.Doubles(703, [5], 1);

        public List<(Tensor Input, bool HasGraph)> Seen { get; } = [];

        public int ClassCount => 5;

        public IReadOnlyList<long> InputShape => [Features];

        public InputBounds Bounds => InputBounds.Unit;

        public Tensor Logits(Tensor inputs)
        {
            Seen.Add((inputs.detach().clone().DetachFromDisposeScope(), inputs.requires_grad));
            return (inputs.matmul(_w.t()) + _b).tanh().matmul(_v.t()) + _c;
        }

        public Tensor Probabilities(Tensor inputs) => Logits(inputs).detach().softmax(1);

        public Tensor Predict(Tensor inputs) => Logits(inputs).detach().argmax(1);
    }
}
