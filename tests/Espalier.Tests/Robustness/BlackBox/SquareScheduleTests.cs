using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.BlackBox;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Robustness.BlackBox;

/// <summary>Which squares the Square Attack tries, seen from the model.</summary>
public sealed class SquareScheduleTests
{
    private const int Side = 28;

    /// <summary>Never convinced by anything, and remembers all that it was asked.</summary>
    private sealed class Stubborn(int channels) : IScoringClassifier
    {
        public List<float[]> Asked { get; } = [];

        public int ClassCount => 2;

        public IReadOnlyList<long> InputShape => [channels, Side, Side];

        public InputBounds Bounds => InputBounds.Unit;

        public Tensor Probabilities(Tensor inputs)
        {
            Asked.AddRange(Enumerable.Range(0, (int)inputs.shape[0]).Select(i => inputs[i].contiguous().flatten().data<float>().ToArray()));
            return torch.tensor(new[] { 0.9f, 0.1f }).expand(inputs.shape[0], 2).contiguous();
        }

        public Tensor Predict(Tensor inputs) => torch.zeros(inputs.shape[0], dtype: torch.int64);
    }

    /// <summary>The authors' table for 10,000 queries: the share p of the pixels that a square covers, after the iteration.</summary>
    private static double Share(double iteration) => 0.8 / (iteration <= 10 ? 1 : iteration <= 50 ? 2 : iteration <= 200 ? 4 : iteration <= 500 ? 8 : iteration <= 1000 ? 16
        : iteration <= 2000 ? 32 : iteration <= 4000 ? 64 : iteration <= 6000 ? 128 : iteration <= 8000 ? 256 : 512);

    [Theory]
    [InlineData(true, 1, 300)]
    [InlineData(false, 1, 300)]
    [InlineData(true, 3, 300)]
    [InlineData(true, 1, 40)]
    public void Squares_shrink_as_published_and_none_is_wasted(bool rescale, int channels, int queries)
    {
        using var scope = torch.NewDisposeScope();
        var model = new Stubborn(channels);
        Tensor x = torch.full([1, channels, Side, Side], 0.5f);
        using AttackResult result = new Square(new() { Epsilon = 0.1, Queries = queries, RescaleSchedule = rescale }).Run(model, x, torch.zeros(1, dtype: torch.int64));
        Assert.Equal(queries, model.Asked.Count);
        float[] start = model.Asked[1];
        for (int i = 1; i <= queries - 2; i++)
        {
            // Nothing is ever taken over: each candidate differs from the start by its square alone.
            float[] candidate = model.Asked[i + 1];
            int[] changed = [.. Enumerable.Range(0, candidate.Length).Where(p => candidate[p] != start[p])];
            Assert.NotEmpty(changed);
            int[] rows = [.. changed.Select(p => p / Side % Side)];
            int side = Math.Max(1, (int)Math.Round(Math.Sqrt(Share(rescale ? Math.Floor(i * 10_000.0 / queries) : i) * Side * Side)));
            Assert.Equal(side, rows.Max() - rows.Min() + 1);
            Assert.All(changed, p => Assert.Equal(0.1, Math.Abs(candidate[p] - 0.5), 1e-6));
        }
    }

    [Fact]
    public void The_policies_of_AutoAttack_keep_its_own_schedule()
    {
        Square Last(string text) => (Square)AttackPolicy.Open(text, Norm.LInf).Build(Norm.LInf, 0.1).Options.Stages.Single(s => s is Square);
        Assert.False(Last("autoattack").Options.RescaleSchedule);
        Assert.False(Last("autoattack-plus").Options.RescaleSchedule);
        Assert.True(Last("scores-only").Options.RescaleSchedule);
        Assert.True(Last("square(queries=10)").Options.RescaleSchedule);
    }
}
