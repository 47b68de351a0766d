using System.Globalization;
using System.Text.Json;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Models;

namespace Espalier.Runs.Store;

/// <summary>
/// A run's folder: what was asked (<c>run.json</c>), what happened (<c>metrics.jsonl</c>, TensorBoard events), what it
/// came down to (<c>summary.json</c>), the model and the report. Disposing a run that was started here and not finished
/// marks it interrupted.
/// </summary>
public sealed class Run : IDisposable
{
    /// <summary>The name that stands for the newest run of a root folder.</summary>
    public const string Last = "last";

    private const string ManifestName = "run.json";
    private const string LockName = ".lock";

    // What a run writes before it has read its data.
    private static readonly string[] s_leftovers = [ManifestName, LockName, LockName + ".id", "summary.json", "metrics.jsonl"];

    private bool _isOurs;
    private FileLock? _lock;

    private Run(string folder, RunManifest manifest, bool isOurs)
    {
        Folder = folder;
        Manifest = manifest;
        _isOurs = isOurs;
        Summary = RunSummary.Load(SummaryPath);
    }

    /// <summary>The folder, as a full path.</summary>
    public string Folder { get; }

    /// <summary>What the run is and how it stands.</summary>
    public RunManifest Manifest { get; private set; }

    /// <summary>The numbers it comes down to.</summary>
    public RunSummary Summary { get; }

    /// <summary>The manifest's file.</summary>
    public string ManifestPath => Path.Combine(Folder, ManifestName);

    /// <summary>The metrics over time, one JSON object per line.</summary>
    public string MetricsPath => Path.Combine(Folder, "metrics.jsonl");

    /// <summary>The summary's file.</summary>
    public string SummaryPath => Path.Combine(Folder, "summary.json");

    /// <summary>The report's file.</summary>
    public string ReportPath => Path.Combine(Folder, "report.html");

    /// <summary>The model's weights.</summary>
    public string WeightsPath => Path.Combine(Folder, ModelWeights.FileName);

    /// <summary>Where checkpoints go.</summary>
    public string CheckpointFolder => Path.Combine(Folder, "checkpoints");

    /// <summary>Where TensorBoard event files go.</summary>
    public string TensorBoardFolder => Path.Combine(Folder, "tensorboard");

    /// <summary>Starts a run in a new folder <c>root/name-yyyyMMdd-HHmmss</c> (UTC), with a number where that is taken.</summary>
    /// <param name="root">The folder of runs; created where missing.</param>
    /// <param name="name">The run's name; characters that do not belong into a file name become dashes.</param>
    /// <param name="manifest">What the run is.</param>
    public static Run Create(string root, string name, RunManifest manifest)
    {
        string clean = string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-')).Trim('.', '-');
        string stem = Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"{(clean.Length > 0 ? clean : "run")}-{manifest.CreatedUtc:yyyyMMdd-HHmmss}"));
        string folder = stem;
        for (int i = 2; Directory.Exists(folder); i++)
            folder = string.Create(CultureInfo.InvariantCulture, $"{stem}-{i}");
        return CreateAt(folder, manifest);
    }

    /// <summary>Starts a run in a given folder.</summary>
    /// <param name="path">The folder; created where missing.</param>
    /// <param name="manifest">What the run is.</param>
    /// <exception cref="OptionsException">The folder holds a run already.</exception>
    public static Run CreateAt(string path, RunManifest manifest)
    {
        string folder = Path.GetFullPath(path);
        if (File.Exists(Path.Combine(folder, ManifestName)))
        {
            OptionsException.Require(LeftNothing(folder), "out", path, "must not hold a run already; give another folder, or resume that run");
            foreach (string left in s_leftovers)
                File.Delete(Path.Combine(folder, left));
        }

        Directory.CreateDirectory(folder);
        var run = new Run(folder, manifest with { Status = RunStatus.Running, FinishedUtc = null }, isOurs: true);
        run.Lock();
        run.SaveManifest();
        return run;
    }

    /// <summary>Opens a run to read it.</summary>
    /// <param name="path">Its folder, a name under <paramref name="root"/>, or <c>last</c> (also <c>runs/last</c>) for the newest.</param>
    /// <param name="root">The folder of runs.</param>
    /// <param name="eligible">Which folders <c>last</c> may stand for; all where null.</param>
    /// <exception cref="NotFoundException">There is no such run.</exception>
    /// <exception cref="DataException">Its manifest is damaged.</exception>
    public static Run Open(string path, string root = "runs", Func<string, bool>? eligible = null)
    {
        string? folder = new[] { path, Path.Combine(root, path) }.FirstOrDefault(f => File.Exists(Path.Combine(f, ManifestName)));
        if (folder is null && Path.GetFileName(path) == Last)
            folder = Newest(Path.GetDirectoryName(path) is { Length: > 0 } parent ? parent : root, eligible);
        if (folder is null)
            throw new NotFoundException("run", path, FoldersUnder(root).Select(f => Path.GetFileName(f)));
        return new Run(Path.GetFullPath(folder), ReadManifest(folder), isOurs: false);
    }

    /// <summary>Takes a run up again: it is running, and <see cref="Finish"/> or <see cref="Dispose"/> will end it.</summary>
    /// <exception cref="CheckpointException">Another process works on the run.</exception>
    public void Resume()
    {
        Lock();
        _isOurs = true;
        Manifest = Manifest with { Status = RunStatus.Running, FinishedUtc = null, Error = null };
        SaveManifest();
    }

    /// <summary>Replaces the manifest, such as to add data checksums that are known only after loading.</summary>
    /// <param name="change">Gives the new manifest from the present one.</param>
    public void Update(Func<RunManifest, RunManifest> change)
    {
        Manifest = change(Manifest);
        SaveManifest();
    }

    /// <summary>Ends the run: the summary is saved and the manifest says how it ended.</summary>
    /// <param name="status">How it ended.</param>
    /// <param name="error">What ended it, where it failed.</param>
    public void Finish(RunStatus status, string? error = null)
    {
        _isOurs = false;
        Summary.Save();
        Manifest = Manifest with { Status = status, FinishedUtc = status == RunStatus.Running ? null : DateTime.UtcNow, Error = error };
        SaveManifest();
        Unlock();
    }

    /// <summary>Marks a run that was started or resumed here and not finished as interrupted.</summary>
    public void Dispose()
    {
        if (_isOurs)
            Finish(RunStatus.Interrupted);
        Unlock();
    }

    private void Lock() => _lock ??= FileLock.TryTake(Path.Combine(Folder, LockName), out int? holder)
        ?? throw new CheckpointException(Folder, $"is a run that {FileLock.Name(holder)} works on", "wait until it ends, or end it");

    private void Unlock()
    {
        _lock?.Dispose();
        _lock = null;
    }

    /// <summary>Whether a folder's run failed before it had anything to resume or to look at, such as on bad data.</summary>
    private static bool LeftNothing(string folder) =>
        ReadManifest(folder).Status == RunStatus.Failed
        && Directory.EnumerateFileSystemEntries(folder).All(e => s_leftovers.Contains(Path.GetFileName(e)) || (Directory.Exists(e) && !Directory.EnumerateFiles(e, "*.safetensors", SearchOption.AllDirectories).Any()))
        && MetricLog.Read(Path.Combine(folder, "metrics.jsonl")).Count == 0;

    internal static RunManifest ReadManifest(string folder)
        => RunFiles.ReadJson<RunManifest>(Path.Combine(folder, ManifestName), "a run's manifest");

    internal static IEnumerable<string> FoldersUnder(string root) => Directory.Exists(root)
        ? Directory.GetDirectories(root).Where(f => File.Exists(Path.Combine(f, ManifestName))).Order(StringComparer.Ordinal)
        : [];

    private static string? Newest(string root, Func<string, bool>? eligible) => FoldersUnder(root).Where(f => eligible?.Invoke(f) ?? true)
        .Select(f => (Folder: f, Created: CreatedOrNever(f))).OrderBy(r => r.Created).ThenBy(r => r.Folder, StringComparer.Ordinal)
        .LastOrDefault().Folder;

    // A damaged manifest beside them must not hide the other runs.
    private static DateTime CreatedOrNever(string folder)
    {
        try
        {
            return ReadManifest(folder).CreatedUtc;
        }
        catch (DataException)
        {
            return DateTime.MinValue;
        }
    }

    private void SaveManifest() => AtomicFile.Replace(ManifestPath, file => JsonSerializer.Serialize(file, Manifest, RunFiles.Json));
}
