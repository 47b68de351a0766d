using CsCheck;
using Espalier.Anomaly.Decisions;
using Espalier.Errors;
using Espalier.Randomness;
using Espalier.Tests.Concurrency;
using Espalier.Tests.Data;

namespace Espalier.Tests.Anomaly;

[Collection(Beside.Name)]
public sealed class DecisionTests
{
    private static double[] Normals(int seed, int stream, int count, double shift = 0)
    {
        var random = new SplitMix64(seed, stream);
        double[] values = new double[count];
        for (int i = 0; i < count; i++)
            values[i] = random.NextNormal() + shift;
        return values;
    }

    [Fact]
    public void A_PAC_threshold_takes_the_least_rank_that_keeps_its_promise()
    {
        // Of 100 scores, P(Binomial(100, 0.05) ≤ 1) = 0.0371 and P(≤ 2) = 0.1183: one score may lie above, not two.
        double[] scores = [.. Enumerable.Range(1, 100).Select(i => (double)i)];
        Assert.Equal(99, DetectionThreshold.ConformalPac(scores, 0.05, 0.05).Value);
        Assert.Equal(98, DetectionThreshold.ConformalPac(scores, 0.05, 0.12).Value);

        // (1 − α)^n ≤ δ: 59 scores for 5 % and 95 %, Wilks' number.
        string message = Assert.Throws<DataException>(() => DetectionThreshold.ConformalPac(scores[..58], 0.05, 0.05)).Message;
        Assert.Contains("at least 59", message);
        Assert.Equal(59, DetectionThreshold.ConformalPac(scores[..59], 0.05, 0.05).Value);
        Assert.Contains("at least 19", Assert.Throws<DataException>(() => DetectionThreshold.Conformal(scores[..18], 0.05)).Message);
    }

    [Fact]
    public void A_PAC_threshold_breaks_its_promise_as_rarely_as_it_says()
    {
        int broken = Enumerable.Range(0, 1000).Count(draw =>
        {
            // Uniform scores: the rate of a threshold is one minus it.
            var random = new SplitMix64(21, draw);
            double[] scores = [.. Enumerable.Range(0, 199).Select(_ => random.NextDouble())];
            return 1 - DetectionThreshold.ConformalPac(scores, 0.05, 0.1).Value > 0.05;
        });
        Assert.InRange(broken, 40, 128);                                    // 1,000 draws of at most 0.1: four standard errors above
    }

    [Fact]
    public void The_cost_rule_finds_the_cheapest_threshold()
    {
        double[] inliers = [0, 1, 2, 3];
        double[] outliers = [2.5, 4, 5, 6];
        double Cost(double t) => 1 * 0.9 * inliers.Count(s => s > t) / 4 + 5 * 0.1 * outliers.Count(s => s <= t) / 4;
        double threshold = DetectionThreshold.ByCost(inliers, outliers, 1, 5, 0.1).Value;
        double least = new[] { double.NegativeInfinity, 0, 1, 2, 2.5, 3, 4, 5, 6 }.Min(Cost);
        Assert.Equal(least, Cost(threshold), 1e-12);

        // Where misses cost nothing next to false alarms nothing is flagged, and the other way round everything.
        Assert.True(DetectionThreshold.ByCost(inliers, outliers, 1000, 1, 0.01).Value >= 3);
        Assert.Equal(double.NegativeInfinity, DetectionThreshold.ByCost([1, 2], [0, 3], 1, 1000, 0.9).Value);
        Assert.Throws<DataException>(() => DetectionThreshold.ByCost(inliers, [], 1, 1, 0.5));
    }

    [Fact]
    public void Contamination_is_NumPys_percentile()
    {
        double[] scores = [.. Enumerable.Range(0, 11).Select(i => i * i * 1.0)];
        Assert.Equal(81, DetectionThreshold.ContaminationQuantile(scores, 0.1).Value, 1e-12);
        Assert.Equal(72.5, DetectionThreshold.ContaminationQuantile(scores, 0.15).Value, 1e-9);
    }

    [Fact]
    public void P_values_count_ranks()
    {
        var calibration = new ConformalCalibration([3, 1, 2, 2]);
        Assert.Equal(1.0 / 5, calibration.PValue(4));
        Assert.Equal(4.0 / 5, calibration.PValue(2));
        Assert.Equal(1, calibration.PValue(0));
        Assert.Equal((1 + 0.5 * 3) / 5, calibration.SmoothedPValue(2, 0.5));
        Assert.Equal(0.5 / 5, calibration.SmoothedPValue(4, 0.5));
        Assert.Throws<DataException>(() => calibration.PValue(double.NaN));
        Assert.Throws<DataException>(() => new ConformalCalibration([]));
    }

    [Fact]
    public void Alarms_of_Benjamini_and_Hochberg_are_those_of_their_paper()
    {
        // Benjamini and Hochberg 1995, section 3: four of fifteen rejected at 0.05.
        double[] p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000];
        Assert.Equal([.. Enumerable.Range(0, 15).Select(i => i < 4)], BenjaminiHochberg.Reject(p, 0.05));

        // Never more than the plain rule p ≤ q, and order does not matter.
        Gen.Double[0, 1].Array[1, 50].Select(Gen.Double[0.01, 0.5]).Sample((values, q) =>
        {
            bool[] alarms = BenjaminiHochberg.Reject(values, q);
            return !alarms.Zip(values).Any(a => a.First && a.Second > q) && BenjaminiHochberg.Reject([.. values.Reverse()], q).Reverse().SequenceEqual(alarms);
        }, seed: "0000000000001", iter: 500);
        Assert.Throws<DataException>(() => BenjaminiHochberg.Reject([0.1, double.NaN], 0.1));
    }

    [Fact]
    public void The_tree_ranks_as_a_sorted_list_does()
    {
        var tree = new OrderStatisticTree();
        var list = new List<double>();
        var random = new SplitMix64(9, 9);
        for (int i = 0; i < 3000; i++)
        {
            double value = random.NextBelow(500);
            (int below, int equal) = tree.Rank(value);
            Assert.Equal(list.Count(v => v < value), below);
            Assert.Equal(list.Count(v => v == value), equal);
            tree.Add(value);
            list.Add(value);
        }
    }

    [Fact]
    public void A_martingale_is_the_papers_recursion()
    {
        double[] p = [0.1, 0.9, 0.01, 0.5, 0.02];
        double[] capital = [1.0 / 3, 1.0 / 3, 1.0 / 3];
        var jumper = new SimpleJumper(0.01, 0.01);
        foreach (double value in p)
        {
            double total = capital.Sum();
            capital = [.. capital.Select((c, i) => (0.99 * c + 0.01 / 3 * total) * (1 + (i - 1) * (value - 0.5)))];
            Assert.Equal(Math.Log(capital.Sum()), jumper.Next(value), 1e-12);
        }

        Assert.Equal(Math.Log(100), jumper.Limit, 1e-12);

        // A fair bet: its expectation over uniform p-values stays 1.
        double mean = Enumerable.Range(0, 1000).Average(i => Math.Exp(new SimpleJumper(0.01, 0.01).Next((i + 0.5) / 1000)));
        Assert.Equal(1, mean, 1e-12);
    }

    [Fact]
    public void Null_streams_seldom_alarm_and_a_shift_soon_does()
    {
        int alarmed = 0;
        Parallel.For(0, 500, stream =>
        {
            var monitor = new AlarmMonitor(new(Normals(31, stream, 500)), new() { Seed = stream });
            if (Normals(32, stream, 1000).Any(s => monitor.Observe(s).IsAlarm))
                Interlocked.Increment(ref alarmed);
        });
        Assert.InRange(alarmed, 0, 12);                                     // δ = 1 %: five expected at most

        double[] delays = [.. Enumerable.Range(0, 101).Select(stream =>
        {
            var monitor = new AlarmMonitor(new(Normals(33, stream, 500)), new() { Seed = stream });
            return (double)Normals(34, stream, 1000, shift: 1).TakeWhile(s => !monitor.Observe(s).IsAlarm).Count() + 1;
        }).Order()];
        Assert.InRange(delays[50], 12, 35);
    }

    [Fact]
    public void Many_equal_scores_raise_no_false_alarm()
    {
        // Scores of three values only: without smoothed ties the p-values would be far from uniform.
        int alarmed = Enumerable.Range(0, 100).Count(stream =>
        {
            var random = new SplitMix64(35, stream);
            var monitor = new AlarmMonitor(new([.. Enumerable.Range(0, 200).Select(_ => (double)random.NextBelow(3))]), new() { Seed = stream });
            return Enumerable.Range(0, 500).Any(_ => monitor.Observe(random.NextBelow(3)).IsAlarm);
        });
        Assert.InRange(alarmed, 0, 5);
    }

    [Theory]
    [InlineData(4, 335.4)]
    [InlineData(5, 930.9)]
    public void A_cumulative_sum_has_the_published_run_time(double limit, double published)
    {
        // One side, k = 1/2: Montgomery's table of two-sided charts (168 and 465) is half of it.
        Assert.Equal(published, CumulativeSum.MeanRunTime(limit, 0.5), 0.005 * published);
        Assert.Equal(limit, new CumulativeSum(0.5, published).Limit, 0.005);
    }

    [Theory]
    [InlineData(AlarmKind.Cusum)]
    [InlineData(AlarmKind.PageHinkley)]
    public void The_stated_run_time_is_met(AlarmKind kind)
    {
        double[] times = new double[300];
        Parallel.For(0, times.Length, stream =>
        {
            var monitor = new AlarmMonitor(new(Normals(41, stream, 300)), new() { Kind = kind, ExpectedRunTime = 200, Seed = stream });
            var random = new SplitMix64(42, stream);
            int step = 1;
            while (step < 5000 && !monitor.Observe(random.NextNormal()).IsAlarm)
                step++;
            times[stream] = step;
        });
        Assert.InRange(times.Average(), 160, 245);
    }

    [Theory]
    [InlineData(AlarmKind.Martingale)]
    [InlineData(AlarmKind.Cusum)]
    [InlineData(AlarmKind.PageHinkley)]
    public void A_resumed_monitor_continues_bit_for_bit(AlarmKind kind)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "state.json");
        var calibration = new ConformalCalibration(Normals(51, 0, 100));
        double[] stream = [.. Normals(52, 0, 150), .. Normals(52, 1, 150, shift: 1.5)];
        var options = new AlarmMonitorOptions { Kind = kind, ExpectedRunTime = 300 };
        var whole = new AlarmMonitor(calibration, options);
        MonitorStep[] expected = [.. stream.Select(whole.Observe)];
        Assert.Contains(expected, s => s.IsAlarm);
        AlarmMonitor resumed = new(calibration, options);
        for (int i = 0; i < stream.Length; i++)
        {
            if (i % 37 == 0)
            {
                resumed.Save(path);
                resumed = AlarmMonitor.Resume(calibration, path);
            }

            Assert.Equal(expected[i], resumed.Observe(stream[i]));
        }

        Assert.Equal(whole.Alarms, resumed.Alarms);
        Assert.Contains("other calibration scores", Assert.Throws<DataException>(() => AlarmMonitor.Resume(new([1, 2]), path)).Message);
        File.WriteAllText(path, "{ \"step\": ");
        Assert.Throws<DataException>(() => AlarmMonitor.Resume(calibration, path));
        Assert.Throws<DataException>(() => whole.Observe(double.NaN));
    }

    [Fact]
    public void A_fixed_pool_says_what_it_does_not_promise()
    {
        Assert.Null(new AlarmMonitorOptions().Caveat);
        Assert.Contains("3.7 %", new AlarmMonitorOptions { Mode = PoolMode.Fixed }.Caveat);
        Assert.Throws<OptionsException>(() => new AlarmMonitor(new([1]), new() { Delta = 0 }));
        Assert.Throws<OptionsException>(() => new AlarmMonitor(new([1]), new() { Kind = AlarmKind.PageHinkley, ExpectedRunTime = 1e7 }));
        Assert.Throws<OptionsException>(() => new AlarmMonitor(new([1]), new() { Kind = AlarmKind.Cusum, ExpectedRunTime = 1e300 }));
        Assert.ThrowsAny<OperationCanceledException>(() => new AlarmMonitor(new([1]), new() { Kind = AlarmKind.PageHinkley, ExpectedRunTime = 99_991 }, new CancellationToken(canceled: true)));
    }
}
