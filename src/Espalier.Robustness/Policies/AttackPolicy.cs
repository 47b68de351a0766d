using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Policies;

/// <summary>
/// A sequence of attacks as data: readable text, JSON, and what it makes of them, a <see cref="CompositeAttack"/>. Radii are
/// shares of one radius, so that a policy found on one model runs on any other.
/// </summary>
public sealed record AttackPolicy
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>Mao et al. 2021, L-inf: 800 gradients.</summary>
    public static AttackPolicy CaaLinf => Parse("mt-linf(t=50) -> mt-linf(t=25) -> cw-linf(t=125)");

    /// <summary>Mao et al. 2021, L2: 1,925 gradients.</summary>
    public static AttackPolicy CaaL2 => Parse("mt-l2(t=100) -> pgd-l2(eps=0.875, t=25) -> ddn-l2(t=1000)");

    /// <summary>Mao et al. 2021, unrestricted: fog twice, then SPSA within 16/255.</summary>
    public static AttackPolicy CaaUnrestricted => Parse("fog(severity=1) -> fog(severity=1) -> spsa(epsilon=16/255, t=100)");

    /// <summary>AutoAE's ensemble in L-inf (Liu et al. 2023).</summary>
    public static AttackPolicy AutoAeLinf => Parse("apgd-dlr-linf(t=32) | apgd-ce(t=32) | mt(t=63) | fab-t(t=63) | mt(t=126) | apgd-dlr(t=160) | mt(t=378)");

    /// <summary>AutoAE's ensemble in L2 (Liu et al. 2023).</summary>
    public static AttackPolicy AutoAeL2 => Parse("ddn-l2(t=124) | apgd-ce(t=31) | ddn(t=624) | apgd-dlr(t=31) | mt(t=62)");

    /// <summary>AutoAttack, version standard (Croce and Hein 2020), of any norm.</summary>
    public static AttackPolicy AutoAttack => Parse("apgd-ce(t=100) | apgd-t(t=100) | fab-t(t=100) | square(queries=5000, rescale=0)");

    /// <summary>AutoAttack, version standard in L1 (Croce and Hein 2021): five restarts and five targets.</summary>
    public static AttackPolicy AutoAttackL1 => Parse("apgd-ce-l1(t=100, restarts=5) | apgd-t(t=100, targets=5) | fab-t(t=100, targets=5) | square(queries=5000, rescale=0)");

    /// <summary>AutoAttack, version plus.</summary>
    public static AttackPolicy AutoAttackPlus =>
        Parse("apgd-ce(t=100, restarts=5) | apgd-dlr(t=100, restarts=5) | fab(t=100, restarts=5) | square(queries=5000, rescale=0) | apgd-t(t=100) | fab-t(t=100)");

    /// <summary>AutoAttack, version rand: for models that answer at random, 20 passes a gradient.</summary>
    public static AttackPolicy AutoAttackRand => Parse("apgd-ce(t=100, passes=20) | apgd-dlr(t=100, passes=20)");

    /// <summary>Under L0 what AutoAttack is under the other norms: two attacks by gradients and one by scores.</summary>
    public static AttackPolicy Sparse => Parse("sigma-zero-l0(t=300) | pgd0(t=20, restarts=10) | sparse-rs(queries=5000)");

    /// <summary>What an audit takes of a model that gives scores only.</summary>
    public static AttackPolicy ScoresOnly => Parse("square(queries=5000)");

    /// <summary>What an audit takes of a model that gives scores only, under L0.</summary>
    public static AttackPolicy ScoresOnlyL0 => Parse("sparse-rs-l0(queries=10000)");

    /// <summary>What an audit takes of a model that gives labels only.</summary>
    public static AttackPolicy LabelsOnly => Parse("hop-skip-jump(queries=5000)");

    /// <summary>What an audit takes of a model that gives labels only, under L0.</summary>
    public static AttackPolicy LabelsOnlyL0 => Parse("noise-l0(draws=1000)");

    /// <summary>The norm; null runs in any.</summary>
    public Norm? Norm { get; init; }

    /// <summary>The radius that it was written for, in the inputs' unit; null runs at any.</summary>
    public double? Epsilon { get; init; }

    /// <summary>Where the stages begin.</summary>
    public ChainMode Mode { get; init; } = ChainMode.Best;

    /// <summary>The stages, in order.</summary>
    public IReadOnlyList<PolicyStage> Stages { get; init; } = [];

    /// <summary>Whether it runs without being given a radius.</summary>
    [JsonIgnore]
    public bool HasRadius => Epsilon is not null || Stages.All(s => !AttackCatalog.Find(s.Attack).IsBounded);

    /// <summary>The policies that have names, as <c>espalier attack --policy</c> takes them.</summary>
    /// <param name="norm">The norm, of which some have one of each.</param>
    public static IReadOnlyDictionary<string, AttackPolicy> Named(Norm norm) => new SortedDictionary<string, AttackPolicy>(StringComparer.Ordinal)
    {
        ["autoattack"] = norm == Espalier.Robustness.Regions.Norm.L1 ? AutoAttackL1 : AutoAttack,
        ["autoattack-plus"] = AutoAttackPlus,
        ["autoattack-rand"] = AutoAttackRand,
        ["autoae"] = norm == Espalier.Robustness.Regions.Norm.L2 ? AutoAeL2 : AutoAeLinf,
        ["caa"] = norm == Espalier.Robustness.Regions.Norm.L2 ? CaaL2 : CaaLinf,
        ["caa-unrestricted"] = CaaUnrestricted,
        ["sparse"] = Sparse,
        ["scores-only"] = norm == Espalier.Robustness.Regions.Norm.L0 ? ScoresOnlyL0 : ScoresOnly,
        ["labels-only"] = norm == Espalier.Robustness.Regions.Norm.L0 ? LabelsOnlyL0 : LabelsOnly,
    };

    /// <summary>Reads a policy's text.</summary>
    /// <param name="text">Such as <c>mt(eps=1, t=50) -> cw(t=125)</c>, or <c>MT-Linf(8/255, 50) -> CW-Linf(8/255, 125)</c>.</param>
    /// <exception cref="PolicySyntaxException">It cannot be read.</exception>
    /// <exception cref="NotFoundException">It names an attack that does not exist.</exception>
    /// <exception cref="OptionsException">A value is out of its range, or an attack has no such norm.</exception>
    public static AttackPolicy Parse(string text) => PolicyText.Read(text);

    /// <summary>A policy by its name, its file or its text.</summary>
    /// <param name="source">A name of <see cref="Named"/>, a JSON file that <see cref="ToJson"/> wrote, or a text.</param>
    /// <param name="norm">The norm that is attacked.</param>
    /// <exception cref="DataException">The file is missing or damaged.</exception>
    /// <exception cref="PolicySyntaxException">The text cannot be read.</exception>
    /// <exception cref="NotFoundException">It names an attack that does not exist.</exception>
    public static AttackPolicy Open(string source, Norm norm)
    {
        if (Named(norm).TryGetValue(source.ToLowerInvariant(), out AttackPolicy? named))
            return named;
        if (!source.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            return AttackCatalog.Has(source.ToLowerInvariant()) || source.IndexOfAny(['(', '>', '|', '→']) >= 0
                ? Parse(source)
                : throw new NotFoundException("attack or policy", source, [.. Named(norm).Keys, .. AttackCatalog.Names]);
        }

        if (!File.Exists(source))
            throw new DataException(source, "does not exist", "name a file that espalier attacks search wrote, or give a policy as text");
        return FromJson(File.ReadAllText(source), source);
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <param name="json">The text.</param>
    /// <param name="source">Where it is from, for errors.</param>
    /// <exception cref="DataException">It is no policy.</exception>
    public static AttackPolicy FromJson(string json, string source = "the policy")
    {
        try
        {
            AttackPolicy policy = StrictJson.Read<AttackPolicy>(json, s_json);
            policy.Validate();
            return policy;
        }
        catch (JsonException error)
        {
            throw new DataException(source, $"is no attack policy: {error.Message.TrimEnd('.')}", "give a file that espalier attacks search wrote", error);
        }
    }

    /// <summary>The policy as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, s_json) + "\n";

    /// <summary>The policy as text; <see cref="Parse"/> reads it, but for norm and radius where no stage says them.</summary>
    public override string ToString() => string.Join(Mode == ChainMode.Union ? " | " : " -> ", Stages);

    /// <summary>Checks the policy.</summary>
    /// <exception cref="NotFoundException">It names an attack that does not exist.</exception>
    /// <exception cref="OptionsException">A value is out of its range, or an attack has no such norm.</exception>
    public void Validate()
    {
        OptionsException.Require(Stages.Count > 0, nameof(Stages), 0, "must hold at least one attack");
        OptionsException.Require(Epsilon is null || (Epsilon >= 0 && double.IsFinite(Epsilon.Value)), nameof(Epsilon), Epsilon, "must be finite and not negative");
        foreach (PolicyStage stage in Stages)
        {
            stage.Validate();
            if (Norm is { } norm)
                AttackCatalog.Find(stage.Attack).Require(norm);
        }

        bool[] bounded = [.. Stages.Select(s => AttackCatalog.Find(s.Attack).IsBounded).Distinct()];
        OptionsException.Require(bounded.Length == 1 || Norm is null, nameof(Stages), ToString(), "must not mix changes that a norm bounds with corruptions, which none does");
    }

    /// <summary>The attack that the policy describes.</summary>
    /// <param name="norm">The norm; the policy's where null.</param>
    /// <param name="epsilon">The radius, in the inputs' unit; the policy's where null.</param>
    /// <param name="seed">All that is random is a function of it.</param>
    /// <param name="batchSize">How many samples are attacked at once.</param>
    /// <exception cref="OptionsException">Norm or radius is missing, or an attack has no such norm.</exception>
    public CompositeAttack Build(Norm? norm = null, double? epsilon = null, int seed = 0, int batchSize = 256)
    {
        Validate();
        OptionsException.Require(norm is null || Norm is null || norm == Norm, nameof(norm), norm, $"must be {Norm}: the policy is one of that norm");
        Norm chosen = norm ?? Norm ?? Espalier.Robustness.Regions.Norm.LInf;
        // What no norm bounds has no radius: the stages beside it keep theirs, the whole has none.
        bool[] isBounded = [.. Stages.Select(s => AttackCatalog.Find(s.Attack).IsBounded)];
        double radius = epsilon ?? Epsilon ?? (isBounded.Contains(true) ? throw new OptionsException("epsilon", null, "must be given: the policy does not say it") : double.PositiveInfinity);
        return new CompositeAttack(new()
        {
            Norm = chosen,
            Epsilon = isBounded.Contains(false) ? double.PositiveInfinity : radius,
            Seed = seed,
            BatchSize = batchSize,
            Mode = Mode,
            StageNames = [.. Stages.Select(s => s.ToString())],
            Stages = [.. Stages.Select(s => AttackCatalog.Find(s.Attack).Create(new StageSettings(chosen, Perturbations.Share(chosen, radius, s.Share), s.Steps, s.Settings)))],
        });
    }

    /// <inheritdoc/>
    public bool Equals(AttackPolicy? other) => other is not null && Norm == other.Norm && Epsilon == other.Epsilon && Mode == other.Mode && Stages.SequenceEqual(other.Stages);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Norm, Epsilon, Mode, ToString());
}
