using System.Diagnostics;
using System.Globalization;
using Espalier.Recipes.Engine;
using Espalier.Training.Loop;
using Spectre.Console;

namespace Espalier.Cli.Output;

/// <summary>
/// Shows the stages of a run: a live bar a stage on a terminal, a line a stage (and an evaluation) in a log. Reports
/// come on the working thread, so drawing is rationed.
/// </summary>
internal sealed class StageDisplay : IProgress<StageProgress>
{
    /// <summary>The stage's name, the bar, the percentage and the time, with the spaces between.</summary>
    private const int WidthOfBar = 50;

    private static readonly TimeSpan RedrawEvery = TimeSpan.FromMilliseconds(100);

    private readonly Terminal _terminal;
    private readonly ProgressContext? _context;
    private readonly Dictionary<string, ProgressTask> _bars = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _drawn = -RedrawEvery;

    private StageDisplay(Terminal terminal, ProgressContext? context) => (_terminal, _context) = (terminal, context);

    /// <summary>Does the work while its stages are shown.</summary>
    public static T Show<T>(Terminal terminal, Func<IProgress<StageProgress>, T> work)
    {
        if (!terminal.Interactive)
            return work(new StageDisplay(terminal, null));
        return terminal.Console.Progress()
            .AutoRefresh(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 16 }, new PercentageColumn(), new ElapsedTimeColumn())
            .Start(context => work(new StageDisplay(terminal, context)));
    }

    /// <inheritdoc/>
    public void Report(StageProgress value)
    {
        if (_context is null)
            ReportToLog(value);
        else
            ReportToBars(_context, value);
    }

    private void ReportToLog(StageProgress value)
    {
        if (value.Result is { } result)
            _terminal.Line($"{value.Stage,-9} {result}");
        else if (value.Training is { Evaluation: not null } step)
            _terminal.Line($"{value.Stage,-9} {DescribeEvaluation(step)}");
    }

    private void ReportToBars(ProgressContext context, StageProgress value)
    {
        if (!_bars.TryGetValue(value.Stage, out ProgressTask? bar))
            _bars[value.Stage] = bar = context.AddTask(Markup.Escape(value.Stage), maxValue: 1);
        if (value.Result is { } result)
        {
            bar.Description = $"[green]{Markup.Escape($"{value.Stage,-9}")}[/] {Markup.Escape(Fitting(result))}";
            bar.Value = 1;
            bar.StopTask();
            return;
        }

        TimeSpan now = _clock.Elapsed;
        if (now - _drawn < RedrawEvery)
            return;
        _drawn = now;
        bar.Value = value.Fraction;
        bar.Description = $"{Markup.Escape($"{value.Stage,-9}")} {(value.Training is { } step ? Markup.Escape(Fitting(Describe(step))) : "")}";
    }

    /// <summary>A description longer than its column would wrap and push the bars aside.</summary>
    private string Fitting(string text)
    {
        int room = Math.Max(20, _terminal.Console.Profile.Width - WidthOfBar);
        return text.Length <= room ? text : text[..(room - 1)] + "…";
    }

    /// <summary>The step in a line of a log: where it is, and the validation numbers.</summary>
    private static string DescribeEvaluation(TrainingProgress p)
    {
        string averaged = p.Evaluation!.TryGetValue("ema.accuracy", out double ema) ? string.Create(CultureInfo.InvariantCulture, $" (averaged weights {ema:P1})") : "";
        string validation = p.Evaluation.TryGetValue("accuracy", out double own) ? string.Create(CultureInfo.InvariantCulture, $", validation {own:P1}{averaged}") : "";
        return string.Create(CultureInfo.InvariantCulture, $"epoch {p.State.Epoch:0.0}, {Describe(p)}{validation}");
    }

    private static string Describe(TrainingProgress p)
    {
        string accuracy = double.IsNaN(p.Accuracy) ? "" : string.Create(CultureInfo.InvariantCulture, $", accuracy {p.Accuracy:P1}");
        return string.Create(CultureInfo.InvariantCulture, $"loss {p.Loss:0.000}{accuracy}, {p.SamplesPerSecond:#,0} samples/s, {p.Remaining:m\\:ss} left");
    }
}
