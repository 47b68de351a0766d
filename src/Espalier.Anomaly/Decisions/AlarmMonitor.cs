using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Randomness;

namespace Espalier.Anomaly.Decisions;

/// <summary>
/// Watches the scores of a stream, one by one, for a lasting change, with a stated rate of false alarms whatever the detector and
/// the data: scores become p-values by rank, and the p-values of an unchanged stream are independent and uniform. Its state can be
/// written at any step; a monitor that goes on from it gives the same bits.
/// </summary>
public sealed class AlarmMonitor
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    private readonly ConformalCalibration _calibration;
    private readonly OrderStatisticTree _added = new();
    private readonly SequentialStatistic _statistic;

    /// <summary>Starts to watch.</summary>
    /// <param name="calibration">Scores of held-out in-distribution inputs.</param>
    /// <param name="options">What watches, and what it promises.</param>
    /// <param name="cancellationToken">Ends the simulation of a limit, which may take seconds.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public AlarmMonitor(ConformalCalibration calibration, AlarmMonitorOptions? options = null, CancellationToken cancellationToken = default)
    {
        Options = options ?? new();
        Options.Validate();
        _calibration = calibration;
        _statistic = SequentialStatistic.Create(Options, cancellationToken);
    }

    /// <summary>The options.</summary>
    public AlarmMonitorOptions Options { get; }

    /// <summary>Scores seen.</summary>
    public long Step { get; private set; }

    /// <summary>Alarms raised.</summary>
    public long Alarms { get; private set; }

    /// <summary>Takes the next score in.</summary>
    /// <param name="score">A detector's score.</param>
    /// <exception cref="DataException">The score is NaN; nothing has changed then.</exception>
    public MonitorStep Observe(double score)
    {
        ConformalCalibration.Number(score);
        (int below, int equal) = _added.Rank(score);
        int count = _calibration.Count + _added.Count;
        int equalInAll = equal + _calibration.AtOrBelow(score) - _calibration.Below(score);
        int above = count - below - _calibration.Below(score) - equalInAll;
        Step++;
        double u = new SplitMix64(Options.Seed, 67, Step).NextDouble();

        // u = 0 at the very top would make an infinite normal score.
        double p = (above + Math.Max(u, 1e-12) * (equalInAll + 1)) / (count + 1);
        if (Options.Mode == PoolMode.Online && _added.Count < Options.MostAdded)
            _added.Add(score);
        double statistic = _statistic.Next(p);
        bool isAlarm = statistic >= _statistic.Limit;
        if (isAlarm)
        {
            Alarms++;
            _statistic.Restart();
        }

        return new(Step, score, p, statistic, _statistic.Limit, isAlarm);
    }

    /// <summary>Where it stands.</summary>
    public MonitorState Save() => new(Options, _calibration.Hash, Step, Alarms, _statistic.State,
        Convert.ToBase64String(MemoryMarshal.AsBytes<double>(_added.Added.ToArray())));

    /// <summary>Writes where it stands; the file is whole or absent.</summary>
    /// <param name="path">A JSON file.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(string path) => AtomicFile.Replace(path, JsonSerializer.Serialize(Save(), Json));

    /// <summary>Goes on from where another one stood.</summary>
    /// <param name="calibration">The same calibration scores.</param>
    /// <param name="state">Its state.</param>
    /// <exception cref="DataException">The state belongs to other calibration scores, or is damaged.</exception>
    public static AlarmMonitor Resume(ConformalCalibration calibration, MonitorState state)
    {
        if (state.CalibrationHash != calibration.Hash)
            throw new DataException("monitor state", $"belongs to other calibration scores ({state.CalibrationHash}, these are {calibration.Hash})", "resume with the detector it was made with, or start anew without the state");
        var monitor = new AlarmMonitor(calibration, state.Options) { Step = state.Step, Alarms = state.Alarms };
        try
        {
            byte[] added = Convert.FromBase64String(state.Added);
            foreach (double score in added.Length % sizeof(double) == 0 ? MemoryMarshal.Cast<byte, double>(added) : throw new FormatException("a score is cut off"))
                monitor._added.Add(!double.IsNaN(score) ? score : throw new FormatException("a score is NaN"));
            if (state.Statistic.Count != monitor._statistic.State.Length)
                throw new FormatException("the statistic has another number of values");
            monitor._statistic.State = [.. state.Statistic];
        }
        catch (FormatException error)
        {
            throw new DataException("monitor state", $"is damaged ({error.Message})", "start anew without it", error);
        }

        return monitor;
    }

    /// <summary>Goes on from where another one stood.</summary>
    /// <param name="calibration">The same calibration scores.</param>
    /// <param name="path">The file that it wrote.</param>
    /// <exception cref="DataException">The file cannot be read, or belongs to other calibration scores.</exception>
    public static AlarmMonitor Resume(ConformalCalibration calibration, string path)
    {
        try
        {
            return Resume(calibration, StrictJson.ReadFile<MonitorState>(path, Json));
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, $"is no monitor state ({error.Message})", "start anew without it", error);
        }
    }
}
