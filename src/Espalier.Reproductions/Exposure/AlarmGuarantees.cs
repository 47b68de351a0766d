using System.Globalization;
using Espalier.Anomaly.Decisions;
using Espalier.Randomness;

namespace Espalier.Reproductions.Exposure;

/// <summary>Whether thresholds and alarms keep what they promise, by simulation: scores are standard normal, so every rate is known exactly.</summary>
internal static class AlarmGuarantees
{
    private const int Calibration = 199;
    private const double Alpha = 0.05;
    private const int PoolSize = 500;
    private const int StreamLength = 1000;

    public static ReproductionPart Run(ReproductionContext context)
    {
        var claims = new List<Claim>();
        var numbers = new Dictionary<string, double>();
        void Say(string key, double value, string what, string published, bool? holds, string? measured = null)
        {
            numbers[key] = value;
            claims.Add(new(what, published, measured ?? value.ToString("0.####", CultureInfo.InvariantCulture), holds));
        }

        context.Report("thresholds");
        double few = Rates(400, 1, s => DetectionThreshold.Conformal(s, Alpha)).Average();
        Say("conformal.400", few, "Conformal threshold, n = 199, α = 0.05, 400 draws: mean false-alarm rate", "0.050 ± 0.004", Math.Abs(few - Alpha) <= 0.004);
        double[] many = Rates(1000, 2, s => DetectionThreshold.Conformal(s, Alpha));

        // Rank 190 of 199: the rate of one draw is Beta(10, 190), whose deviation is 0.0154.
        double band = 1.96 * 0.0154 / Math.Sqrt(many.Length);
        Say("conformal.1000", many.Average(), "... over 1,000 draws, within the 95 % band of its mean", $"0.050 ± {band.ToString("0.####", CultureInfo.InvariantCulture)}", Math.Abs(many.Average() - Alpha) <= band);
        double broken = many.Count(r => r > Alpha) / (double)many.Length;
        Say("conformal.above", broken, "... share of draws whose own rate exceeds α (no promise)", "about half", null);
        double pac = Rates(1000, 3, s => DetectionThreshold.ConformalPac(s, Alpha, 0.1)).Count(r => r > Alpha) / 1000.0;
        Say("pac.above", pac, "PAC threshold, δ = 0.1: share of draws whose own rate exceeds α", "at most 0.1 (+ 0.019)", pac <= 0.1 + 0.019);

        context.Report("martingale");
        double online = Alarmed(new() { Delta = 0.01 }, PoolSize, 2000, 11);
        Say("martingale.online", online, "Martingale, δ = 0.01, pool 500, online: null streams of 1,000 steps with an alarm (of 2,000)", "0.006, at most 0.015", online <= 0.015);
        double fixedPool = Alarmed(new() { Delta = 0.01, Mode = PoolMode.Fixed }, PoolSize, 2000, 12);
        Say("martingale.fixed", fixedPool, "... with a fixed pool of 500 (the caveat)", "0.037", null);
        double large = Alarmed(new() { Delta = 0.01, Mode = PoolMode.Fixed }, 5000, 2000, 13);
        Say("martingale.fixed5000", large, "... with a fixed pool of 5,000", "0.010", null);
        double[] delays = Delays(new() { Delta = 0.01 }, 501, 14);
        Say("martingale.delay", delays[delays.Length / 2], "Martingale: median steps until an alarm after a shift of one deviation", "28, at most 35", delays[delays.Length / 2] <= 35);

        context.Report("run times");
        foreach ((AlarmKind kind, string name) in new[] { (AlarmKind.Cusum, "Cumulative sum"), (AlarmKind.PageHinkley, "Page-Hinkley") })
        {
            var options = new AlarmMonitorOptions { Kind = kind, ExpectedRunTime = 500 };
            double[] times = FirstAlarms(options, 1000, 15, shift: 0, longest: 10_000);
            double error = times.Select(t => (t - times.Average()) * (t - times.Average())).Average();
            double tolerance = 3 * Math.Sqrt(error / times.Length) + (kind == AlarmKind.PageHinkley ? 50 : 10);
            Say($"{name}.runTime", times.Average(), $"{name} set to 500 steps between false alarms: mean of 1,000 null streams", $"500 ± {tolerance.ToString("0", CultureInfo.InvariantCulture)}", Math.Abs(times.Average() - 500) <= tolerance);
            double[] after = FirstAlarms(options, 501, 16, shift: 1, longest: 10_000, before: 300);
            Say($"{name}.delay", after[after.Length / 2], $"{name}: median steps until an alarm after a shift of one deviation at step 300", "no reference", null);
        }

        return new("guarantees", "Simulated scores; the rates of thresholds are computed exactly from the normal distribution.", claims, []) { Numbers = numbers };

        double[] Rates(int draws, int seed, Func<double[], DetectionThreshold> choose) =>
            [.. Enumerable.Range(0, draws).Select(draw => Tail(choose(Normals(seed, draw, Calibration, 0)).Value))];

        double Alarmed(AlarmMonitorOptions options, int pool, int streams, int seed)
        {
            int alarmed = 0;
            Parallel.For(0, streams, new ParallelOptions { CancellationToken = context.CancellationToken }, stream =>
            {
                var monitor = new AlarmMonitor(new(Normals(seed, stream, pool, 0)), options with { Seed = stream });
                if (Normals(seed + 100, stream, StreamLength, 0).Any(score => monitor.Observe(score).IsAlarm))
                    Interlocked.Increment(ref alarmed);
            });
            return alarmed / (double)streams;
        }

        double[] Delays(AlarmMonitorOptions options, int streams, int seed) => FirstAlarms(options, streams, seed, shift: 1, longest: StreamLength);

        double[] FirstAlarms(AlarmMonitorOptions options, int streams, int seed, double shift, int longest, int before = 0)
        {
            double[] steps = new double[streams];
            Parallel.For(0, streams, new ParallelOptions { CancellationToken = context.CancellationToken }, stream =>
            {
                var monitor = new AlarmMonitor(new(Normals(seed, stream, PoolSize, 0)), options with { Seed = stream });
                var random = new SplitMix64(seed + 100, stream);
                for (int i = 0; i < before; i++)
                    monitor.Observe(random.NextNormal());
                int step = 1;
                while (step < longest && !monitor.Observe(random.NextNormal() + shift).IsAlarm)
                    step++;
                steps[stream] = step;
            });
            Array.Sort(steps);
            return steps;
        }
    }

    private static double[] Normals(int seed, int stream, int count, double shift)
    {
        var random = new SplitMix64(seed, stream);
        double[] values = new double[count];
        for (int i = 0; i < count; i++)
            values[i] = random.NextNormal() + shift;
        return values;
    }

    // P(Z > x), relative error below 1.2e-7 (Numerical Recipes, erfcc).
    private static double Tail(double x)
    {
        double t = 1 / (1 + 0.5 * Math.Abs(x) / Math.Sqrt(2));
        double z = Math.Abs(x) / Math.Sqrt(2);
        double tail = 0.5 * t * Math.Exp(-z * z - 1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807
            + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)))))))));
        return x < 0 ? 1 - tail : tail;
    }
}
