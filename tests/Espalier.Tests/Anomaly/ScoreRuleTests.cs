using Espalier.Anomaly.Detectors;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Tests.Anomaly;

public sealed class ScoreRuleTests : IDisposable
{
    private readonly ReferenceOutputs _reference = new();

    public static TheoryData<string> Texts => [.. DetectorCatalog.All.Select(d => d.Name switch { "knn" or "nnguide" => d.Name + ":k=7", "vim" or "residual" => d.Name + ":dim=4", _ => d.Name }), "ensemble:energy+knn:k=7+vim:dim=2", "ensemble:msp+klm"];

    public void Dispose() => _reference.Dispose();

    // Computed with numpy 1.24 and scipy 1.10 from the formulas of the papers, without any of this code.
    [Theory]
    [InlineData("msp:T=2", new[] { -0.564989439656, -0.953395693039, -0.520824701606, -0.457471904886, -0.393512699168 })]
    [InlineData("gen:m=2", new[] { 1.704813069357, 1.037385976912, 1.719889836646, 1.740698306377, 1.72703243212 })]
    [InlineData("klm", new[] { 0.226050702005, 0.091653759967, 0.29879464258, 0.543537647686, 0.30053390548 })]
    [InlineData("mds", new[] { 6.552126999025, 9.31099376636, 11.843598355379, 9.292581481805, 27.297659965059 })]
    [InlineData("rmds", new[] { 0.023567320019, -1.900697741248, 3.147225769107, 1.843927897508, 2.444693553651 })]
    [InlineData("residual:dim=2", new[] { 0.827942529313, 2.136563668553, 2.037484295693, 1.543784990601, 0.132664214294 })]
    [InlineData("residual:dim=4", new[] { 0.628289865881, 1.010370363693, 1.066131117922, 1.023354493024, 0.128515049947 })]
    [InlineData("vim:dim=2", new[] { -0.042727854248, 0.668605477465, 5.387776059469, 2.093889727003, -0.469429093213 })]
    [InlineData("vim:dim=4", new[] { 1.838409259958, 0.583553262366, 6.136262468491, 4.403681385838, 0.057081309429 })]
    [InlineData("knn:k=7", new[] { 0.455987641919, 0.518502567417, 0.508167301027, 0.40544577096, 1.0 })]
    [InlineData("knn:k=1", new[] { 0.278238689072, 0.354105952824, 0.156864714968, 0.252365053353, 1.0 })]
    [InlineData("react", new[] { -3.241026685504, -6.540540997315, -2.495155428767, -3.85514740053, -0.981904037432 })]
    [InlineData("dice:p=60", new[] { -4.244050178719, -7.96473581875, -4.124666901961, -5.307869307123, -0.981904037432 })]
    [InlineData("ash-p", new[] { -2.385784639179, -7.704202197849, -3.314016376058, -3.833935922144, -0.981904037432 })]
    [InlineData("ash-b", new[] { -2.268981646284, -10.434729993572, -6.538831224244, -8.815441462812, -0.981904037432 })]
    [InlineData("ash-s", new[] { -9.511607375286, -33.750073408689, -18.77854377128, -28.944243956437, -0.981904037432 })]
    [InlineData("scale", new[] { -36.903164274194, -113.371433807193, -44.774385311357, -114.070338786248, -0.981904037432 })]
    [InlineData("she", new[] { -6.738037644233, -10.458219907696, -9.635234707542, -11.90728030367, 0.0 })]
    [InlineData("gradnorm", new[] { -4.143481563813, -9.304072188835, -4.264692368865, -5.444603761829, 0.0 })]
    [InlineData("fdbd", new[] { -0.295530272686, -0.868904170912, -0.220572438152, -0.268882146652, -0.048385245057 })]
    [InlineData("nnguide:k=10", new[] { -18.292249619938, -55.439317703354, -12.077792562005, -24.023252900101, 0.0 })]
    [InlineData("openmax:tail=8,alpha=2", new[] { 0.90852785553, 0.000950258745, 0.8132782623, 0.721492089022, 0.304224125201 })]
    public void Scores_are_those_of_numpy(string text, double[] wanted)
    {
        double[] scores = _reference.Score(text);
        Assert.All(wanted.Zip(scores), p => Assert.Equal(p.First, p.Second, 1e-9 * Math.Max(1, Math.Abs(p.First)) * (text.StartsWith("openmax", StringComparison.Ordinal) ? 1000 : 1)));
    }

    [Fact]
    public void The_mean_of_ranks_is_between_zero_and_one_and_blind_to_scale()
    {
        using var scope = torch.NewDisposeScope();
        using ScoreRule cold = DetectorCatalog.Create("ensemble:msp:T=1+max-logit");
        cold.Fit(_reference.Fit);
        double[] scores = cold.Score(_reference.Fit).data<double>().ToArray();
        Assert.All(scores, s => Assert.InRange(s, 0, 1));

        // By hand: ranks among every fifth fit sample.
        double[] msp = Own("msp"), logit = Own("max-logit");
        for (int i = 0; i < ReferenceOutputs.Samples; i++)
            Assert.Equal((Rank(msp, i) + Rank(logit, i)) / 2, scores[i], 1e-12);

        double[] Own(string text)
        {
            using ScoreRule rule = DetectorCatalog.Create(text);
            return rule.Score(_reference.Fit).data<double>().ToArray();
        }

        static double Rank(double[] all, int i)
        {
            double[] heldOut = [.. all.Where((_, j) => j % 5 == 0)];
            return (heldOut.Count(h => h < all[i]) + heldOut.Count(h => h <= all[i])) / 2.0 / heldOut.Length;
        }
    }

    [Fact]
    public void Energy_of_a_ReLU_network_is_what_pruning_nothing_leaves()
    {
        double[] energy = _reference.Score("energy");
        Assert.All(energy.Zip(_reference.Score("ash-p:p=0")), p => Assert.Equal(p.First, p.Second, 1e-12));
        Assert.All(energy.Zip(_reference.Score("react:p=100")), p => Assert.True(p.Second >= p.First - 1e-12));
    }

    [Fact]
    public void Mahalanobis_distance_is_the_same_after_any_invertible_linear_map()
    {
        using var scope = torch.NewDisposeScope();
        Tensor map = ReferenceOutputs.Random(36, 9).view(6, 6) + torch.eye(6, dtype: torch.float64);
        using var fit = new NetworkOutputs(_reference.Fit.Logits.clone(), _reference.Fit.Features!.matmul(map));
        using var query = new NetworkOutputs(_reference.Query.Logits.clone(), _reference.Query.Features!.matmul(map));
        foreach (string text in new[] { "mds:ridge=0", "rmds:ridge=0" })
        {
            using ScoreRule rule = DetectorCatalog.Create(text);
            rule.Fit(fit, _reference.Labels);
            Assert.All(_reference.Score(text).Zip(rule.Score(query).data<double>().ToArray()), p => Assert.Equal(p.First, p.Second, 1e-8));
        }
    }

    [Fact]
    public void A_fit_sample_is_its_own_nearest_neighbour()
    {
        using ScoreRule rule = DetectorCatalog.Create("knn:k=1");
        rule.Fit(_reference.Fit);
        using Tensor scores = rule.Score(_reference.Fit);
        Assert.All(scores.data<double>().ToArray(), s => Assert.Equal(0, s));
    }

    [Fact]
    public void A_shift_of_the_logits_changes_what_needs_logits_and_nothing_else()
    {
        using var scope = torch.NewDisposeScope();
        using var shifted = new NetworkOutputs(_reference.Query.Logits + 7);
        using var plain = new NetworkOutputs(_reference.Query.Logits.clone());
        foreach (string name in new[] { "msp", "entropy", "uniform-ce", "gen", "max-logit", "energy" })
        {
            using ScoreRule rule = DetectorCatalog.Create(name);
            double difference = (rule.Score(shifted) - rule.Score(plain)).abs().max().ToDouble();
            Assert.Equal(rule.Needs.HasFlag(DetectorNeeds.Logits) ? 7 : 0, difference, 1e-12);
        }
    }

    [Fact]
    public void Uniform_cross_entropy_is_at_most_minus_log_K_and_large_logits_do_not_overflow()
    {
        using var scope = torch.NewDisposeScope();
        using var outputs = new NetworkOutputs(torch.tensor(new[] { 5.0, 5, 5, 900, -900, 0, 0, 0, 1 }).view(3, 3));
        double[] uniform = Own("uniform-ce");
        Assert.Equal(-Math.Log(3), uniform[0], 1e-12);
        Assert.All(uniform, u => Assert.True(u <= -Math.Log(3) + 1e-12));
        Assert.Equal(-900, Own("energy")[1], 1e-9);
        Assert.Equal(0, Own("entropy")[1], 1e-12);

        double[] Own(string name)
        {
            using ScoreRule rule = DetectorCatalog.Create(name);
            return rule.Score(outputs).data<double>().ToArray();
        }
    }

    [Fact]
    public void The_gradient_norm_is_that_of_the_gradient()
    {
        using var scope = torch.NewDisposeScope();
        double[] scores = _reference.Score("gradnorm");
        for (int i = 0; i < 4; i++)
        {
            Tensor weight = _reference.Head.Weight.clone().requires_grad_(true);
            Tensor logits = _reference.Query.Features![i].matmul(weight.t()) + _reference.Head.Bias;
            (logits.logsumexp(0) - logits.mean()).backward();
            Assert.Equal(-weight.grad!.abs().sum().ToDouble(), scores[i], 1e-12);
        }
    }

    // scipy.stats.weibull_min.fit([1.2, 0.7, 2.2, 1.9, 0.4, 1.1], floc=0)
    [Fact]
    public void The_Weibull_fit_is_scipys()
    {
        (double shape, double scale) = WeibullFit.MaximumLikelihood([1.2, 0.7, 2.2, 1.9, 0.4, 1.1]);
        Assert.Equal(2.12797, shape, 2e-5);
        Assert.Equal(1.416235, scale, 2e-5);
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void What_is_kept_and_restored_scores_bit_for_bit_alike(string text)
    {
        using var scope = torch.NewDisposeScope();
        using ScoreRule rule = DetectorCatalog.Create(text);
        rule.Fit(_reference.Fit, _reference.Labels);
        double[] scores = rule.Score(_reference.Query).data<double>().ToArray();
        using ScoreRule restored = DetectorCatalog.Create(rule.Text);
        Assert.Equal(rule.Text, restored.Text);
        if (rule.Needs.HasFlag(DetectorNeeds.Fit))
        {
            Assert.False(restored.IsFitted);
            Assert.Contains("must be fitted", Assert.Throws<OptionsException>(() => restored.Score(_reference.Query)).Message, StringComparison.Ordinal);
            restored.Restore(rule.State());
        }

        Assert.Equal(scores, restored.Score(_reference.Query).data<double>().ToArray());
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void Rows_are_scored_alone_and_leave_nothing_behind(string text)
    {
        using ScoreRule rule = DetectorCatalog.Create(text);
        rule.Fit(_reference.Fit, _reference.Labels);
        using var scope = torch.NewDisposeScope();
        double[] together = rule.Score(_reference.Query).data<double>().ToArray();
        double[] alone = [.. Enumerable.Range(0, ReferenceOutputs.Queries).Select(i =>
        {
            using NetworkOutputs one = _reference.Query.Select([i]);
            return rule.Score(one)[0].ToDouble();
        })];

        Assert.All(together.Zip(alone), p => Assert.Equal(p.First, p.Second, 1e-9 * Math.Max(1, Math.Abs(p.First))));
        DisposeScopeManager.Statistics.Reset();
        using (Tensor scores = rule.Score(_reference.Query))
            Assert.False(scores.requires_grad);
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Theory]
    [MemberData(nameof(Texts))]
    public void A_row_with_a_NaN_is_named(string text)
    {
        using var scope = torch.NewDisposeScope();
        using ScoreRule rule = DetectorCatalog.Create(text);
        rule.Fit(_reference.Fit, _reference.Labels);
        Tensor logits = _reference.Query.Logits.clone();
        Tensor features = _reference.Query.Features!.clone();
        logits[3, 1] = double.NaN;
        features[3, 2] = double.NaN;
        using var broken = new NetworkOutputs(logits, features, _reference.Head);
        Assert.Contains("row 3", Assert.Throws<DataException>(() => rule.Score(broken)).Message, StringComparison.Ordinal);
        if (rule.Needs.HasFlag(DetectorNeeds.Fit))
        {
            using ScoreRule fresh = DetectorCatalog.Create(text);
            Assert.Contains("row 3", Assert.Throws<DataException>(() => fresh.Fit(broken, torch.zeros(5, dtype: torch.int64))).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Features_of_another_width_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        using var narrow = new NetworkOutputs(_reference.Query.Logits.clone(), _reference.Query.Features!.narrow(1, 0, 5).clone());
        foreach (string text in new[] { "mds", "knn:k=3", "she" })
        {
            using ScoreRule rule = DetectorCatalog.Create(text);
            rule.Fit(_reference.Fit, _reference.Labels);
            Assert.Contains("[n, 6]", Assert.Throws<ShapeException>(() => rule.Score(narrow)).Message, StringComparison.Ordinal);
        }

        using ScoreRule klm = DetectorCatalog.Create("klm");
        klm.Fit(_reference.Fit);
        using var fewer = new NetworkOutputs(_reference.Query.Logits.narrow(1, 0, 2).clone());
        Assert.Throws<ShapeException>(() => klm.Score(fewer));
        using ScoreRule residual = DetectorCatalog.Create("residual");
        Assert.Throws<OptionsException>(() => residual.Fit(narrow));
    }

    [Fact]
    public void Singular_covariances_need_a_ridge_and_dead_units_do_no_harm()
    {
        using var scope = torch.NewDisposeScope();
        Tensor dead = torch.cat([_reference.Fit.Features!, torch.zeros(ReferenceOutputs.Samples, 1, dtype: torch.float64)], 1);
        using var fit = new NetworkOutputs(_reference.Fit.Logits.clone(), dead);
        using ScoreRule bare = DetectorCatalog.Create("mds:ridge=0");
        Assert.Contains("ridge", Assert.Throws<DataException>(() => bare.Fit(fit, _reference.Labels)).Message, StringComparison.Ordinal);
        using ScoreRule ridged = DetectorCatalog.Create("mds");
        ridged.Fit(fit, _reference.Labels);
        using var query = new NetworkOutputs(_reference.Query.Logits.clone(), torch.cat([_reference.Query.Features!, torch.zeros(5, 1, dtype: torch.float64)], 1));
        Assert.All(_reference.Score("mds").Zip(ridged.Score(query).data<double>().ToArray()), p => Assert.Equal(p.First, p.Second, 1e-4 * p.First));

        // More dimensions than samples.
        using var wide = new NetworkOutputs(_reference.Fit.Logits.narrow(0, 0, 12).clone(), ReferenceOutputs.Random(12 * 40, 3).view(12, 40));
        using ScoreRule relative = DetectorCatalog.Create("rmds");
        relative.Fit(wide, _reference.Labels.narrow(0, 0, 12));
        Assert.True(relative.Score(wide).isfinite().all().item<bool>());
        using var constant = new NetworkOutputs(_reference.Fit.Logits.clone(), torch.ones(ReferenceOutputs.Samples, 6, dtype: torch.float64));
        Assert.Contains("do not vary", Assert.Throws<DataException>(() => ridged.Fit(constant, _reference.Labels)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Classes_without_samples_are_named_where_every_class_counts()
    {
        Tensor two = _reference.Labels.clamp(0, 1);
        foreach (string text in new[] { "mds", "rmds", "she", "openmax" })
        {
            using ScoreRule rule = DetectorCatalog.Create(text);
            Assert.Contains("class 2", Assert.Throws<DataException>(() => rule.Fit(_reference.Fit, two)).Message, StringComparison.Ordinal);
            Assert.Throws<OptionsException>(() => rule.Fit(_reference.Fit));
            Assert.Throws<ShapeException>(() => rule.Fit(_reference.Fit, two.narrow(0, 0, 5)));
        }

        using ScoreRule wrong = DetectorCatalog.Create("mds");
        Assert.Contains("0 to 2", Assert.Throws<DataException>(() => wrong.Fit(_reference.Fit, _reference.Labels + 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Negative_activations_are_refused_unless_they_are_clipped()
    {
        using var scope = torch.NewDisposeScope();
        Tensor features = _reference.Query.Features!.clone();
        features[2, 5] = -0.1;
        using var negative = new NetworkOutputs(_reference.Query.Logits.clone(), features, _reference.Head);
        features = features.clamp_min(0);
        using var clipped = new NetworkOutputs(_reference.Query.Logits.clone(), features, _reference.Head);
        foreach (string name in new[] { "ash-p", "ash-b", "ash-s", "scale" })
        {
            using ScoreRule strict = DetectorCatalog.Create(name);
            Assert.Contains("row 2", Assert.Throws<DataException>(() => strict.Score(negative)).Message, StringComparison.Ordinal);
            using ScoreRule lenient = DetectorCatalog.Create(name + ":clip=1");
            Assert.Equal(strict.Score(clipped).data<double>().ToArray(), lenient.Score(negative).data<double>().ToArray());
        }
    }

    [Theory]
    [InlineData("knn:k=0")]
    [InlineData("knn:k=2.5")]
    [InlineData("energy:T=0")]
    [InlineData("msp:T=-1")]
    [InlineData("react:p=101")]
    [InlineData("gen:gamma=0")]
    [InlineData("mds:ridge=-1")]
    [InlineData("openmax:tail=1")]
    [InlineData("vim:dim=0")]
    [InlineData("odin:eps=-1")]
    [InlineData("nnguide:share=0")]
    [InlineData("knn:50")]
    [InlineData("knn:k=1,k=2")]
    [InlineData("ensemble:energy")]
    [InlineData("ensemble:energy+odin")]
    public void Settings_out_of_range_are_refused(string text) => Assert.Throws<OptionsException>(() => DetectorCatalog.Create(text));

    [Fact]
    public void Settings_that_do_not_fit_the_samples_are_refused()
    {
        using ScoreRule knn = DetectorCatalog.Create("knn:k=61");
        Assert.Contains("60 fit samples", Assert.Throws<OptionsException>(() => knn.Fit(_reference.Fit)).Message, StringComparison.Ordinal);
        using ScoreRule vim = DetectorCatalog.Create("vim:dim=6");
        Assert.Throws<OptionsException>(() => vim.Fit(_reference.Fit));
        using ScoreRule guide = DetectorCatalog.Create("nnguide");
        Assert.Throws<OptionsException>(() => guide.Fit(_reference.Fit));
        using NetworkOutputs none = _reference.Fit.Select([]);
        using ScoreRule klm = DetectorCatalog.Create("klm");
        Assert.Throws<DataException>(() => klm.Fit(none));
    }

    [Fact]
    public void Names_and_lists_are_read()
    {
        Assert.Contains("energy", Assert.Throws<NotFoundException>(() => DetectorCatalog.Create("enrgy")).Message, StringComparison.Ordinal);
        Assert.Contains("'k'", Assert.Throws<NotFoundException>(() => DetectorCatalog.Create("knn:kk=3")).Message, StringComparison.Ordinal);
        Assert.Equal(["energy", "openmax:tail=9,alpha=2", "ensemble:knn:k=3+vim:dim=2", "msp"], DetectorCatalog.Split("energy, openmax:tail=9,alpha=2,ensemble:knn:k=3+vim:dim=2,msp"));
        Assert.Equal(DetectorCatalog.All.Select(d => d.Name), DetectorCatalog.Split("all"));
        Assert.Equal(["k=50"], DetectorCatalog.All.Single(d => d.Name == "knn").Settings);
        using ScoreRule ensemble = DetectorCatalog.Create("ensemble:energy+knn:k=3");
        Assert.Equal("ensemble:energy:T=1+knn:k=3", ensemble.Text);
    }

    [Fact]
    public void Probabilities_are_enough_for_some_rules_and_others_say_so()
    {
        using var scope = torch.NewDisposeScope();
        var model = new DelegateClassifier([3], 3, inputs => inputs.softmax(1), InputBounds.Unbounded);
        Tensor logits = _reference.Query.Logits.to(torch.float32);
        foreach (string name in new[] { "msp", "entropy", "uniform-ce", "gen" })
        {
            using Detector detector = Detector.Create(name, model);
            Assert.All(_reference.Score(name).Zip(detector.Score(logits).data<double>().ToArray()), p => Assert.Equal(p.First, p.Second, 1e-5));
        }

        Assert.Contains("probabilities only", Assert.Throws<OptionsException>(() => Detector.Create("energy", model)).Message, StringComparison.Ordinal);
        Assert.Contains("features", Assert.Throws<OptionsException>(() => Detector.Create("knn", model)).Message, StringComparison.Ordinal);
        Assert.Contains("gradients", Assert.Throws<OptionsException>(() => Detector.Create("odin", model)).Message, StringComparison.Ordinal);
    }
}
