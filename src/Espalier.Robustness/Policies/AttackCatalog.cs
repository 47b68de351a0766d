using Espalier.Errors;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.BlackBox;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Attacks.MinimumNorm;
using Espalier.Robustness.Corruptions;
using Espalier.Robustness.Losses;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Policies;

/// <summary>The attacks that have names: what policies are made of.</summary>
public static class AttackCatalog
{
    private static readonly Norm[] s_all = [Norm.LInf, Norm.L2, Norm.L1];
    private static readonly Norm[] s_round = [Norm.LInf, Norm.L2];
    private static readonly Norm[] s_sparse = [Norm.L0];
    private static readonly Norm[] s_every = [.. s_all, .. s_sparse];

    private static readonly Dictionary<string, AttackInfo> s_byName = new AttackInfo[]
    {
        Gradient("fgsm", "Fast gradient (sign) method, Goodfellow et al. 2015", s_all, null, [],
            s => new FastGradientMethod(new() { Norm = s.Norm, Epsilon = s.Epsilon })),
        Gradient("bim", "Basic iterative method, Kurakin et al. 2017", s_all, 10, [],
            s => new ProjectedGradientDescent(new() { Norm = s.Norm, Epsilon = s.Epsilon, Steps = s.Steps ?? 10, RelativeStepSize = 1.0 / (s.Steps ?? 10), RandomStart = false })),
        Gradient("pgd-fixed", "Projected gradient descent with a fixed step, Madry et al. 2018", s_all, 40, ["restarts", "step", "passes"],
            s => new ProjectedGradientDescent(new()
            {
                Norm = s.Norm,
                Epsilon = s.Epsilon,
                Steps = s.Steps ?? 40,
                Restarts = s.Whole("restarts", 1),
                RelativeStepSize = s.Value("step", 2.5 / (s.Steps ?? 40)),
                ExpectationPasses = s.Whole("passes", 1),
            })),
        Adaptive("pgd", "Projected gradient descent with an adaptive step, Mao et al. 2021", AttackLoss.CrossEntropy, 1),
        Adaptive("mi", "Momentum iteration with an adaptive step, Mao et al. 2021", AttackLoss.CrossEntropy, 0.75),
        Adaptive("cw", "Carlini and Wagner's margin with an adaptive step, Mao et al. 2021", AttackLoss.Margin, 1),
        Adaptive("apgd-ce", "Auto-PGD on the cross-entropy, Croce and Hein 2020", AttackLoss.CrossEntropy, 0.75),
        Adaptive("apgd-dlr", "Auto-PGD on the difference of logits ratio, Croce and Hein 2020", AttackLoss.DifferenceOfLogitsRatio, 0.75),
        Targeted("mt", "Multi-targeted on the loop of Auto-PGD, Gowal et al. 2019"),
        Targeted("apgd-t", "Targeted Auto-PGD, Croce and Hein 2020"),
        Diversified("odi-cos", "Output diversified start, cosine steps, Tashiro et al. 2020", StepSchedule.Cosine),
        Diversified("odi-cyclical", "Output diversified start, cyclical steps", StepSchedule.Cyclical),
        Diversified("odi-step", "Output diversified start, falling steps", StepSchedule.Step),
        Momentum("mi-fgsm", "Momentum iterative method, Dong et al. 2018", o => o),
        Momentum("ni-fgsm", "Nesterov iterative method, Lin et al. 2020", o => o with { Nesterov = true }),
        Momentum("di-fgsm", "Diverse inputs, Xie et al. 2019", o => o with { DiversityProbability = 0.5 }),
        Momentum("ti-fgsm", "Translation-invariant gradients, Dong et al. 2019", o => o with { KernelSize = 15 }),
        Momentum("vmi-fgsm", "Variance-tuned gradients, Wang and He 2021", o => o with { VarianceSamples = 20 }),
        Boundary("fab", "Fast adaptive boundary, Croce and Hein 2020", 0, ["restarts"]),
        Boundary("fab-t", "Targeted fast adaptive boundary, Croce and Hein 2020", 9, ["targets", "restarts"]),
        Gradient("ddn", "Decoupled direction and norm, Rony et al. 2019", [Norm.L2], 100, ["levels"], s => new DecoupledDirectionNorm(new()
        {
            Norm = s.Norm,
            Epsilon = s.Epsilon,
            Steps = s.Steps ?? 100,
            Levels = s.Whole("levels", 0) is var levels and not 0 ? levels : null,
        })),
        Gradient("cw-l2", "Carlini and Wagner's smallest L2 change, 2017; fixed=1 is that of Mao et al. 2021", [Norm.L2], 1000, ["fixed"], s => new CarliniWagner(new()
        {
            Norm = s.Norm,
            Epsilon = s.Epsilon,
            Steps = s.Steps ?? 1000,
            Form = s.Whole("fixed", 0) == 0 ? CarliniWagnerForm.TanhSpace : CarliniWagnerForm.FixedTradeoff,
        })),
        Gradient("deepfool", "DeepFool, Moosavi-Dezfooli et al. 2016", s_round, 50, [],
            s => new DeepFool(new() { Norm = s.Norm, Epsilon = s.Epsilon, Steps = s.Steps ?? 50 })),
        Gradient("fmn", "Fast minimum norm, Pintor et al. 2021", s_all, 100, [],
            s => new FastMinimumNorm(new() { Norm = s.Norm, Epsilon = s.Epsilon, Steps = s.Steps ?? 100 })),
        Gradient("ead", "Elastic net, Chen et al. 2018", [Norm.L1, Norm.L2], 500, ["beta"],
            s => new ElasticNet(new() { Norm = s.Norm, Epsilon = s.Epsilon, Steps = s.Steps ?? 500, Beta = s.Value("beta", 0.01) })),
        Gradient("pgd0", "Projected gradient descent under L0, Croce and Hein 2019", s_sparse, 20, ["restarts", "step"], s => new SparseGradientDescent(new()
        {
            Norm = s.Norm,
            Epsilon = s.Epsilon,
            Steps = s.Steps ?? 20,
            Restarts = s.Whole("restarts", 10),
            StepLength = s.Value("step", 120_000 / 255.0 / 2),
        })),
        Gradient("sigma-zero", "The fewest changed pixels by a smooth count, Cinà et al. 2025", s_sparse, 300, [],
            s => new SigmaZero(new() { Norm = s.Norm, Epsilon = s.Epsilon, Steps = s.Steps ?? 300 })),
        Gradient("jsma", "Jacobian saliency map, Papernot et al. 2016", s_every, null, ["theta", "share", "targets"], s => new JacobianSaliencyMap(new()
        {
            Norm = s.Norm,
            Epsilon = s.Epsilon,
            Theta = s.Value("theta", 1),
            MostFeatures = s.Value("share", 0.1),
            Targets = s.Whole("targets", 1),
        })),
        new("square", "Random search with squares, Andriushchenko et al. 2020", Access.Scores, s_all, null, ["queries", "rescale"], s => new Square(new()
        {
            Norm = s.Norm,
            Epsilon = s.Epsilon,
            Queries = s.Whole("queries", 5000),
            RescaleSchedule = s.Whole("rescale", 1) != 0,
        })),
        new("sparse-rs", "Random exchange of pixels, Croce et al. 2022", Access.Scores, s_sparse, null, ["queries", "share"],
            s => new SparseRandomSearch(new() { Norm = s.Norm, Epsilon = s.Epsilon, Queries = s.Whole("queries", 10_000), Share = s.Value("share", 0.3) })),
        new("spsa", "Differences along random signs, Uesato et al. 2018", Access.Scores, s_all, 100, ["probes", "delta", "step"], s => new Spsa(new()
        {
            Norm = s.Norm,
            Epsilon = s.Epsilon,
            Steps = s.Steps ?? 100,
            Probes = s.Whole("probes", 128),
            Delta = s.Value("delta", 0.01),
            StepSize = s.Value("step", 0.01),
        })),
        new("simba", "One pixel after the other, Guo et al. 2019", Access.Scores, s_all, null, ["queries", "step"],
            s => new Simba(new() { Norm = s.Norm, Epsilon = s.Epsilon, Queries = s.Whole("queries", 10_000), StepSize = s.Value("step", 0.2) })),
        new("noise", "Draws from the ball", Access.Labels, s_every, null, ["draws"],
            s => new NoiseAttack(new() { Norm = s.Norm, Epsilon = s.Epsilon, Draws = s.Whole("draws", 100) })),
        new("hop-skip-jump", "The boundary's normal from decisions, Chen et al. 2020", Access.Labels, s_round, 64, ["queries"],
            s => new HopSkipJump(new() { Norm = s.Norm, Epsilon = s.Epsilon, Iterations = s.Steps ?? 64, Queries = s.Whole("queries", 5000) })),
        new("boundary", "A random walk along the boundary, Brendel et al. 2018", Access.Labels, [Norm.L2], 25_000, ["queries"],
            s => new BoundaryAttack(new() { Norm = s.Norm, Epsilon = s.Epsilon, Steps = s.Steps ?? 25_000, Queries = s.Whole("queries", 25_000) })),
        new("blend", "Bisection toward inputs of other classes", Access.Labels, s_all, null, ["queries", "starts"],
            s => new BlendSearch(new() { Norm = s.Norm, Epsilon = s.Epsilon, Queries = s.Whole("queries", 5000), Starts = s.Whole("starts", 10) })),
        new("spatial", "A grid of shifts and rotations, Engstrom et al. 2019", Access.Labels, s_all, null, ["shift", "degrees", "granularity"], s => new SpatialAttack(new()
        {
            Norm = s.Norm,
            MaxShift = s.Value("shift", 5),
            MaxDegrees = s.Value("degrees", 31),
            Granularity = s.Whole("granularity", 5),
        })) { IsBounded = false },
    }.Concat(CorruptionCatalog.All.Select(Corrupting)).ToDictionary(i => i.Name, StringComparer.Ordinal);

    /// <summary>All names, in alphabetical order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_byName.Keys.Order(StringComparer.Ordinal)];

    /// <summary>All attacks, in alphabetical order.</summary>
    public static IReadOnlyList<AttackInfo> All { get; } = [.. Names.Select(n => s_byName[n])];

    /// <summary>Whether there is an attack of that name.</summary>
    /// <param name="name">Any name.</param>
    public static bool Has(string name) => s_byName.ContainsKey(name);

    /// <summary>An attack by its name.</summary>
    /// <param name="name">Such as <c>apgd-ce</c>.</param>
    /// <exception cref="NotFoundException">There is none of that name; the message names near ones.</exception>
    public static AttackInfo Find(string name) => s_byName.TryGetValue(name, out AttackInfo? info) ? info : throw new NotFoundException("attack", name, Names);

    /// <summary>What to take of a model that offers less than gradients.</summary>
    internal static string Suggest(Access offered) => $"take {string.Join(", ", All.Where(a => a.Access <= offered && a.IsBounded).Select(a => a.Name))}";

    private static AttackInfo Gradient(string name, string title, Norm[] norms, int? steps, string[] settings, Func<StageSettings, Attack> create) =>
        new(name, title, Access.Gradients, norms, steps, settings, create);

    private static AttackInfo Corrupting(Corruption corruption) =>
        new(corruption.Name, "A common corruption, Hendrycks and Dietterich 2019", Access.Labels, s_all, null, ["severity", "draws"],
            s => new CorruptionAttack(new() { Norm = s.Norm, Corruption = corruption.Name, Severity = s.Whole("severity", 3), Draws = s.Whole("draws", 10) }))
        { IsBounded = false };

    private static AttackInfo Boundary(string name, string title, int targets, string[] settings) =>
        Gradient(name, title, s_all, 100, settings, s => new FastAdaptiveBoundary(new()
        {
            Norm = s.Norm,
            Epsilon = s.Epsilon,
            Steps = s.Steps ?? 100,
            Targets = s.Whole("targets", targets),
            Restarts = s.Whole("restarts", 1),
        }));

    private static AttackInfo Adaptive(string name, string title, AttackLoss loss, double momentum) =>
        Gradient(name, title, s_all, 100, ["restarts", "passes"], s => new AutoPgd(new()
        {
            Norm = s.Norm,
            Epsilon = s.Epsilon,
            Steps = s.Steps ?? 100,
            Loss = loss,
            Momentum = momentum,
            Restarts = s.Whole("restarts", 1),
            ExpectationPasses = s.Whole("passes", 1),
        }));

    private static AttackInfo Targeted(string name, string title) =>
        Gradient(name, title, s_all, 100, ["targets", "restarts", "passes"], s => new MultiTargeted(new()
        {
            Norm = s.Norm,
            Epsilon = s.Epsilon,
            Steps = s.Steps ?? 100,
            Targets = s.Whole("targets", 9),
            Restarts = s.Whole("restarts", 1),
            ExpectationPasses = s.Whole("passes", 1),
        }));

    private static AttackInfo Diversified(string name, string title, StepSchedule schedule) =>
        Gradient(name, title, s_round, 100, ["restarts", "passes"], s => new OutputDiversified(new()
        {
            Norm = s.Norm,
            Epsilon = s.Epsilon,
            Steps = s.Steps ?? 100,
            Schedule = schedule,
            Restarts = s.Whole("restarts", 1),
            ExpectationPasses = s.Whole("passes", 1),
        }));

    private static AttackInfo Momentum(string name, string title, Func<MomentumIterativeOptions, MomentumIterativeOptions> turn) =>
        Gradient(name, title, s_round, 10, [], s => new MomentumIterativeMethod(turn(new() { Norm = s.Norm, Epsilon = s.Epsilon, Steps = s.Steps ?? 10 })));
}
