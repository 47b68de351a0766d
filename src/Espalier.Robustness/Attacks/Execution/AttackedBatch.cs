using Espalier.Robustness.Losses;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.Execution;

/// <summary>
/// A batch under attack: the best that has been found for each sample, what it has cost, and the stage that is under way.
/// Every iterate is judged here, so that counting, success and the best iterate mean the same to all attacks. Its tensors
/// live in the batch's scope.
/// </summary>
internal sealed class AttackedBatch
{
    private const long PurposesPerStage = 1 << 20;

    private readonly double[] _bestMargin;
    private readonly bool[] _fooled;
    private readonly long[] _queries;
    private readonly long[] _gradients;
    private readonly int[] _firstStage;
    private readonly List<StageMeter> _stages = [];
    private int _stage;
    private int _run;

    /// <summary>Looks at the clean inputs: those that the model gets wrong are not attacked.</summary>
    /// <param name="target">The model.</param>
    /// <param name="clean">[n, ...].</param>
    /// <param name="labels">[n], int64.</param>
    /// <param name="targets">[n], int64, or null.</param>
    /// <param name="keys">[n], what each sample's randomness is a function of.</param>
    /// <param name="options">The threat and the attack's shared settings.</param>
    /// <param name="cancellationToken">Stops.</param>
    public AttackedBatch(AttackTarget target, Tensor clean, Tensor labels, Tensor? targets, long[] keys, PerturbationOptions options, CancellationToken cancellationToken)
    {
        (Target, Clean, Labels, Targets, Keys, CancellationToken) = (target, clean, labels, targets, keys, cancellationToken);
        (Norm, Epsilon, Seed, StopWhenFooled, MostRows) = (options.Norm, options.Epsilon, options.Seed, options.StopWhenFooled, options.BatchSize);
        Scales = options.FeatureScales is { } scales ? torch.tensor(scales.ToArray(), dtype: clean.dtype, device: clean.device).view([1, .. clean.shape[1..]]) : null;
        int count = (int)clean.shape[0];
        (_queries, _gradients, _firstStage) = (new long[count], new long[count], new int[count]);
        Array.Fill(_firstStage, -1);
        Best = clean.clone();
        LastStart = clean.clone();
        Start = clean;
        if (AttackTarget.Offers(target.Classifier) == Access.Labels)
        {
            WrongBefore = IsFooled(target.Predict(clean), labels, targets);
            _bestMargin = new double[count];
            Array.Fill(_bestMargin, double.NegativeInfinity);
        }
        else
        {
            CleanScores = target.Scores(clean).to(clean.dtype);
            WrongBefore = IsFooled(CleanScores.argmax(1), labels, targets);
            _bestMargin = HostValues.Doubles(Margin(CleanScores, labels, targets));
        }

        Array.Fill(_queries, 1);
        Fooled = WrongBefore.clone();
        _fooled = HostValues.Booleans(Fooled);
    }

    public AttackTarget Target { get; }

    /// <summary>The clean inputs, [n, ...].</summary>
    public Tensor Clean { get; }

    /// <summary>The true classes, [n].</summary>
    public Tensor Labels { get; }

    /// <summary>The classes wanted, [n]; null is any but the true one.</summary>
    public Tensor? Targets { get; }

    public long[] Keys { get; }

    public Norm Norm { get; }

    /// <summary>The largest change of a clean input.</summary>
    public double Epsilon { get; }

    /// <summary>[1, ...], what a unit of the norm is worth in each feature; null is 1 everywhere.</summary>
    public Tensor? Scales { get; }

    public int Seed { get; }

    public bool StopWhenFooled { get; }

    /// <summary>The most inputs that are sent through the model at once, whether or not this batch is full.</summary>
    public int MostRows { get; }

    public CancellationToken CancellationToken { get; }

    /// <summary>Scores of the clean inputs, [n, classes]; null for a model that gives labels only.</summary>
    public Tensor? CleanScores { get; }

    /// <summary>Whether the clean input is fooled already, [n], bool.</summary>
    public Tensor WrongBefore { get; }

    /// <summary>Where the stage under way begins, [n, ...].</summary>
    public Tensor Start { get; private set; }

    /// <summary>Whether <see cref="Start"/> is anything else than the clean inputs.</summary>
    public bool IsChained { get; private set; }

    /// <summary>How much of a random start the stage under way takes, in [0, 1].</summary>
    public double StartNoise { get; private set; } = 1;

    /// <summary>Per sample, where its last climb began, [n, ...].</summary>
    public Tensor LastStart { get; }

    /// <summary>Per sample, the adversarial input or the one of highest margin, [n, ...].</summary>
    public Tensor Best { get; }

    /// <summary>Per sample, whether the model is fooled by <see cref="Best"/>, [n], bool.</summary>
    public Tensor Fooled { get; }

    /// <summary>Inputs sent through the model, per sample.</summary>
    public ReadOnlySpan<long> Queries => _queries;

    /// <summary>Gradients taken, per sample.</summary>
    public ReadOnlySpan<long> Gradients => _gradients;

    /// <summary>Per sample the stage that fooled it first; -1 where none has.</summary>
    public ReadOnlySpan<int> FirstStage => _firstStage;

    /// <summary>Samples whose gradient was zero at the first look at them, in every feature.</summary>
    public int ZeroGradients { get; private set; }

    /// <summary>Gradients that held values which are no numbers.</summary>
    public int UndefinedGradients { get; private set; }

    /// <summary>Samples of the batch for which an attack on labels found no starting point.</summary>
    public HashSet<long> WithoutStart { get; } = [];

    /// <summary>Whether any sample still stands.</summary>
    public bool AnyStands => Fooled.logical_not().any().item<bool>();

    /// <summary>What each stage has done so far.</summary>
    public IReadOnlyList<StageMeter> Stages => _stages;

    /// <summary>Begins a stage.</summary>
    /// <param name="stage">Counted from 0.</param>
    /// <param name="name">Its name.</param>
    /// <param name="start">[n, ...], where it begins; null is the clean inputs.</param>
    /// <param name="startNoise">How much of a random start is taken, in [0, 1].</param>
    /// <param name="isSecondRun">Whether the stage goes on with other random numbers than it began with.</param>
    public void BeginStage(int stage, string name, Tensor? start = null, double startNoise = 1, bool isSecondRun = false)
    {
        EndStage();
        if (stage == _stages.Count)
            _stages.Add(new StageMeter(name));
        _stages[stage].Start();
        (_stage, _run, Start, IsChained, StartNoise) = (stage, isSecondRun ? 1 : 0, start ?? Clean, start is not null, startNoise);
    }

    /// <summary>Ends the stage under way.</summary>
    public void EndStage()
    {
        if (_stages.Count > 0)
            _stages[_stage].Stop();
    }

    /// <summary>Remembers where active samples begin to climb.</summary>
    public void RememberStart(ActiveSamples active, Tensor start) => LastStart.index_copy_(0, active.Rows, start);

    /// <summary>The samples that still stand; with <see cref="StopWhenFooled"/> off, all that stood before the attack.</summary>
    /// <param name="radius">How far each may be moved from its start.</param>
    /// <returns>Null where there are none. The caller's to dispose.</returns>
    public ActiveSamples? Activate(double radius)
    {
        using var scope = torch.NewDisposeScope();
        Tensor rows = (StopWhenFooled ? Fooled : WrongBefore).logical_not().nonzero().flatten();
        return rows.shape[0] == 0 ? null : new ActiveSamples(this, rows, radius);
    }

    /// <summary>Random numbers for active samples.</summary>
    /// <param name="active">The samples.</param>
    /// <param name="purpose">In 0..2^20-1; another purpose, other numbers.</param>
    public ExampleRandom Random(ActiveSamples active, int purpose) => new(Seed, active.Keys, (((2 * _stage) + _run) * PurposesPerStage) + purpose);

    /// <summary>Looks at iterates and takes over the good ones.</summary>
    /// <param name="active">The samples.</param>
    /// <param name="x">[active, ...], inside the region.</param>
    public Verdict Judge(ActiveSamples active, Tensor x)
    {
        Verdict verdict = Judged(active, Target.Scores(x));
        Count(active);
        Offer(active, x, verdict);
        return verdict;
    }

    /// <summary>Looks at iterates of which all but the label is unknown, and takes over the good ones.</summary>
    /// <param name="active">The samples.</param>
    /// <param name="x">[active, ...], inside the region.</param>
    /// <returns>[active], bool: whether the model is fooled.</returns>
    public Tensor Decide(ActiveSamples active, Tensor x)
    {
        Tensor fooled = IsFooled(Target.Predict(x), active.Labels, active.Targets);
        Count(active);
        Offer(active, x, new Verdict(fooled, torch.zeros(active.Count, dtype: x.dtype, device: x.device), fooled));
        return fooled;
    }

    /// <summary>Counts queries that an attack makes of the target itself, such as probes around an iterate.</summary>
    /// <param name="active">The samples.</param>
    /// <param name="each">Queries per sample.</param>
    public void CountQueries(ActiveSamples active, long each) => Count(active, each);

    /// <summary>Counts queries of the target itself whose number differs between samples.</summary>
    /// <param name="active">The samples.</param>
    /// <param name="each">[active], int64.</param>
    public void CountQueries(ActiveSamples active, Tensor each)
    {
        long[] counts = HostValues.Longs(each);
        _stages[_stage].Queries += counts.Sum();
        for (int i = 0; i < counts.Length; i++)
            _queries[active.Positions[i]] += counts[i];
    }

    /// <summary>Looks at iterates, takes over the good ones, and takes the gradient of a loss.</summary>
    /// <param name="active">The samples.</param>
    /// <param name="x">[active, ...], inside the region.</param>
    /// <param name="loss">What is maximised.</param>
    /// <param name="aim">[active], the classes that the loss goes for; the attack's targets where null, and away from the true class where there are none.</param>
    /// <param name="gradient">Whether to take it; the last iterate needs none.</param>
    /// <param name="passes">Passes over a model that answers at random, whose mean counts.</param>
    public Ascent Climb(ActiveSamples active, Tensor x, AttackObjective loss, Tensor? aim = null, bool gradient = true, int passes = 1) =>
        Climb(active, x, scores => (aim ?? active.Targets) is { } classes ? loss.Toward(scores, active.Labels, classes) : loss.Away(scores, active.Labels), gradient, passes);

    /// <summary>As <see cref="Climb(ActiveSamples, Tensor, AttackObjective, Tensor?, bool, int)"/>, with any loss of the scores.</summary>
    /// <param name="active">The samples.</param>
    /// <param name="x">[active, ...], inside the region.</param>
    /// <param name="loss">From scores [active, classes] to [active].</param>
    /// <param name="gradient">Whether to take it.</param>
    /// <param name="passes">Passes over a model that answers at random, whose mean counts.</param>
    /// <param name="offer">Whether good iterates are taken over; not by attacks that seek the smallest change.</param>
    public Ascent Climb(ActiveSamples active, Tensor x, Func<Tensor, Tensor> loss, bool gradient = true, int passes = 1, bool offer = true)
    {
        CancellationToken.ThrowIfCancellationRequested();
        using var mode = gradient ? torch.enable_grad() : torch.no_grad();
        Tensor leaf = gradient ? x.detach().requires_grad_(true) : x;
        Tensor? scores = null;
        Tensor? losses = null;
        for (int pass = 0; pass < passes; pass++)
        {
            Tensor one = gradient ? Target.Logits(leaf) : Target.Scores(leaf);
            scores = scores is null ? one : scores + one;
            Tensor oneLoss = loss(one);
            losses = losses is null ? oneLoss : losses + oneLoss;
        }

        Count(active, passes);
        if (passes > 1)
            (scores, losses) = (scores! / passes, losses! / passes);
        Verdict verdict = Judged(active, scores!.detach());
        if (offer)
            Offer(active, x, verdict);
        if (!gradient)
            return new Ascent(verdict, losses!.detach(), null);

        // Who is fooled goes no further: no gradient of theirs is taken.
        Tensor? wanted = offer && StopWhenFooled ? verdict.Fooled.logical_not() : null;
        return new Ascent(verdict, losses!.detach(), GradientOf(active, losses, leaf, passes, wanted));
    }

    /// <summary>Takes over the iterates that fool where none did, or that have a higher margin and fool no less.</summary>
    /// <param name="active">The samples.</param>
    /// <param name="x">[active, ...], inside the region.</param>
    /// <param name="verdict">What the model says of them.</param>
    public void Offer(ActiveSamples active, Tensor x, Verdict verdict)
    {
        (bool[] fooled, double[] margins) = (HostValues.Booleans(verdict.Fooled), HostValues.Doubles(verdict.Margin));
        var which = new List<long>(active.Count);
        var newly = new List<long>();
        for (int i = 0; i < active.Count; i++)
        {
            long row = active.Positions[i];
            bool isNew = fooled[i] && !_fooled[row];
            if (!isNew && (fooled[i] != _fooled[row] || !(margins[i] > _bestMargin[row])))
                continue;
            which.Add(i);
            _bestMargin[row] = margins[i];
            if (!isNew)
                continue;
            _fooled[row] = true;
            _firstStage[row] = _stage;
            _stages[_stage].Fooled++;
            newly.Add(row);
        }

        if (which.Count == 0)
            return;
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        bool isAll = which.Count == active.Count;
        Tensor places = isAll ? active.Rows : torch.tensor(which.ToArray(), device: x.device);
        Best.index_copy_(0, isAll ? places : active.Rows.index_select(0, places), isAll ? x.detach() : x.detach().index_select(0, places));
        if (newly.Count > 0)
            Fooled.index_fill_(0, torch.tensor(newly.ToArray(), device: x.device), true);
    }

    /// <summary>The margin by which a model is fooled, [batch].</summary>
    public static Tensor Margin(Tensor scores, Tensor labels, Tensor? targets)
    {
        Tensor away = AttackObjective.Margin(scores, targets ?? labels);
        return targets is null ? away : -away;
    }

    /// <summary>Counts gradients that an attack takes itself, such as those of several classes.</summary>
    /// <param name="active">The samples.</param>
    /// <param name="each">Gradients per sample.</param>
    public void CountGradients(ActiveSamples active, long each)
    {
        foreach (long row in active.Positions)
            _gradients[row] += each;
        Target.Meter.AddGradients(active.Count * each);
        _stages[_stage].Gradients += active.Count * each;
    }

    private static Verdict Judged(ActiveSamples active, Tensor scores)
    {
        (double[] values, int classes) = (HostValues.Doubles(scores), (int)scores.shape[1]);
        (var margins, var fooled) = (new double[active.Count], new bool[active.Count]);
        for (int i = 0; i < active.Count; i++)
        {
            ReadOnlySpan<double> row = values.AsSpan(i * classes, classes);
            (long label, long? target) = (active.Classes[i], active.TargetClasses?[i]);
            (int predicted, double others) = (0, double.NegativeInfinity);
            for (int c = 0; c < classes; c++)
            {
                predicted = row[c] > row[predicted] ? c : predicted;
                others = c != (target ?? label) && row[c] > others ? row[c] : others;
            }

            margins[i] = target is { } wanted ? row[(int)wanted] - others : others - row[(int)label];
            fooled[i] = target is null ? predicted != label : predicted == target;
        }

        return new(scores, torch.tensor(margins, dtype: scores.dtype, device: scores.device), torch.tensor(fooled, device: scores.device));
    }

    private Tensor GradientOf(ActiveSamples active, Tensor losses, Tensor leaf, int passes, Tensor? wanted)
    {
        using var noGradients = torch.no_grad();
        long[] rows = wanted is null ? active.Positions : HostValues.Longs(active.Rows.masked_select(wanted));
        if (rows.Length == 0)
            return torch.zeros_like(leaf);
        bool isFirst = false;
        foreach (long row in rows)
        {
            isFirst |= _gradients[row] == 0;
            _gradients[row] += passes;
        }

        Target.Meter.AddGradients((long)rows.Length * passes);
        _stages[_stage].Gradients += (long)rows.Length * passes;
        Tensor gradient;
        using (torch.enable_grad())
            gradient = torch.autograd.grad([wanted is null ? losses.sum() : losses.masked_select(wanted).sum()], [leaf])[0];
        if (!HostValues.AreFinite(gradient))
        {
            UndefinedGradients += (int)Size(gradient).isfinite().logical_not().sum().item<long>();
            gradient.nan_to_num_(0, 0, 0);
        }

        if (isFirst)
        {
            Tensor isZero = Size(gradient).eq(0);
            ZeroGradients += (int)(wanted is null ? isZero : isZero.logical_and(wanted)).sum().item<long>();
        }

        return gradient;

        static Tensor Size(Tensor each) => each.flatten(1).abs().sum([1]);
    }

    private static Tensor IsFooled(Tensor predicted, Tensor labels, Tensor? targets) => targets is null ? predicted.ne(labels) : predicted.eq(targets);

    private void Count(ActiveSamples active, long each = 1)
    {
        _stages[_stage].Queries += active.Count * each;
        foreach (long row in active.Positions)
            _queries[row] += each;
    }
}
