using Espalier.Cli.Output;
using Espalier.Errors;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Runs.Store;

namespace Espalier.Cli.Commands;

/// <summary>One audit of a saved run, into a run folder of its own.</summary>
internal abstract class SavedRunCommand<TSettings> : EspalierCommand<TSettings>
    where TSettings : SavedRunSettings
{
    /// <summary>The stage's name.</summary>
    protected abstract string Stage { get; }

    protected sealed override int Execute(TSettings settings, Session session)
    {
        CheckWords(settings);
        if (IsForeign(settings.Run))
            return ExecuteForeign(settings, session);
        using SavedRun saved = SavedRun.Open(settings.Run, session.Device);
        Recipe recipe = Configure(saved.Recipe.WithoutStages(), saved.Recipe, settings);
        if (settings.Seed is { } seed)
            recipe = recipe with { Seed = seed };
        recipe.Validate();
        var manifest = new RunManifest
        {
            Name = $"{recipe.Name}-{Stage}",
            Kind = Stage,
            CommandLine = CommandLine.Text,
            Options = RecipeRun.OptionsOf(recipe),
            Seed = recipe.Seed,
            Machine = MachineInfo.Current(),
            Device = session.Device.ToString(),
            DataChecksums = saved.Checksums,
            SourceRun = saved.Folder,
        };
        return Audit(settings, session, manifest, (run, progress) => saved.Audit(recipe, run, settings.Raw ? false : null, progress, settings.Weights, session.Stop));
    }

    /// <summary>Audits what is no run.</summary>
    /// <param name="settings">What the command line says.</param>
    /// <param name="session">Device, output and interruption.</param>
    /// <param name="target">The model and its data.</param>
    /// <param name="audit">The audit.</param>
    protected int AuditForeign(TSettings settings, Session session, AuditTarget target, Func<TargetAudit, bool> audit)
    {
        int seed = settings.Seed ?? 0;
        var manifest = new RunManifest
        {
            Name = $"{Path.GetFileNameWithoutExtension(target.Name)}-{Stage}",
            Kind = Stage,
            CommandLine = CommandLine.Text,
            Seed = seed,
            Machine = MachineInfo.Current(),
            Device = session.Device.ToString(),
            SourceRun = AuditTarget.IsFile(settings.Run) ? Path.GetFullPath(settings.Run) : settings.Run,
        };
        return Audit(settings, session, manifest, (run, progress) => audit(new TargetAudit(target, run, seed, progress, session.Stop)));
    }

    private static int Audit(TSettings settings, Session session, RunManifest manifest, Func<Run, IProgress<StageProgress>, bool> audit)
    {
        using Run run = settings.Out is { } folder ? Espalier.Runs.Store.Run.CreateAt(folder, manifest) : Espalier.Runs.Store.Run.Create("runs", manifest.Name, manifest);
        bool completed = StageDisplay.Show(session.Terminal, progress => audit(run, progress));
        session.Terminal.Result(run.Summary.Values);
        session.Terminal.Line(completed ? $"report    {Path.GetRelativePath(Environment.CurrentDirectory, run.ReportPath)}" : "interrupted");
        return completed ? Done : NotDone;
    }

    /// <summary>Whether a name is something else than a run.</summary>
    /// <param name="source">What the command line says.</param>
    protected virtual bool IsForeign(string source) => source.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);

    /// <summary>The audit of what is no run, such as an ONNX file, which has no recipe, no training data and no gradients.</summary>
    /// <param name="settings">What the command line says.</param>
    /// <param name="session">Device, output and interruption.</param>
    protected virtual int ExecuteForeign(TSettings settings, Session session) =>
        throw new OptionsException("run", settings.Run, $"must be the folder of a run: {Stage} needs gradients or training data, which an ONNX file does not give");

    /// <summary>Refuses words that stand for nothing before anything is opened.</summary>
    /// <param name="settings">What the command line changes.</param>
    protected virtual void CheckWords(TSettings settings)
    {
    }

    /// <summary>The recipe with just this stage.</summary>
    /// <param name="bare">The recipe without audits.</param>
    /// <param name="original">The recipe of the saved run, whose settings are the defaults.</param>
    /// <param name="settings">What the command line changes.</param>
    protected abstract Recipe Configure(Recipe bare, Recipe original, TSettings settings);
}
