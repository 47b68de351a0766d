using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Espalier.Cli.Commands;
using Espalier.Errors;
using Espalier.Runtime;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli;

/// <summary>The command <c>espalier</c>.</summary>
internal static class Program
{
    internal const int BadInput = 2;
    internal const int Bug = 1;

    public static int Main(string[] arguments)
    {
        if (arguments is [] or ["--help" or "-h" or "help" or "-?"])
        {
            Console.Out.Write(FrontPage.Text);
            return 0;
        }

        return Run(arguments);
    }

    /// <summary>Kept apart from <see cref="Main"/>: the front page must not load what this needs.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static int Run(string[] arguments)
    {
        EspalierRuntime.Tune();
        try
        {
            return Create().Run(arguments);
        }
        catch (Exception error)
        {
            return Refuse(error, arguments.Contains("--verbose"));
        }
    }

    /// <summary>One line on standard error, whatever the error is, and the exit code that goes with it.</summary>
    /// <param name="error">What ended the command.</param>
    /// <param name="isVerbose">Whether the stack trace follows.</param>
    internal static int Refuse(Exception error, bool isVerbose)
    {
        Exception cause = error;
        while (cause is AggregateException or System.Reflection.TargetInvocationException && cause.InnerException is { } inner)
            cause = inner;
        (string text, int code) = cause switch
        {
            EspalierException or UnauthorizedAccessException or IOException => (cause.Message, BadInput),
            CommandAppException => (cause.Message.TrimEnd('.') + "; see espalier --help", BadInput),
            OperationCanceledException => ("stopped before the end", BadInput),
            OutOfMemoryException or InsufficientMemoryException => ("there is not enough memory; ask for less: a smaller batch, model or table", BadInput),
            ExternalException when cause.Message.Contains("allocat", StringComparison.OrdinalIgnoreCase) || cause.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase) =>
                ("there is not enough memory; ask for less: a smaller batch, model or table", BadInput),
            TypeInitializationException or DllNotFoundException or BadImageFormatException => ($"a library could not be loaded ({(cause.InnerException ?? cause).Message}); espalier doctor says what is missing", Bug),
            _ => ($"{cause.GetType().Name}: {cause.Message.Split('\n')[0]}; this is a fault of Espalier, not of the input: please report it with what --verbose adds", Bug),
        };
        Console.Error.WriteLine($"error: {text.ReplaceLineEndings(" ").Trim()}");
        if (isVerbose)
            Console.Error.WriteLine(error);
        return code;
    }

    /// <summary>The commands; every one of <see cref="FrontPage.Lines"/>.</summary>
    internal static CommandApp Create()
    {
        var app = new CommandApp();
        app.Configure(c =>
        {
            // The library would keep the first console of the process for ever.
            c.ConfigureConsole(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) }));
            c.SetApplicationName("espalier");
            c.SetApplicationVersion(typeof(Program).Assembly.GetName().Version!.ToString(3));
            c.PropagateExceptions();

            // Otherwise a misspelt option would be left unheeded in silence.
            c.UseStrictParsing();
            c.AddCommand<RunCommand>("run").WithDescription("Run a recipe from data to report, or resume one.")
                .WithExample("run", "digits").WithExample("run", "digits", "--set", "train.batchSize=256").WithExample("run", "--resume");
            c.AddBranch("recipes", b =>
            {
                b.SetDescription("Recipes that can be run by name.");
                b.AddCommand<RecipesListCommand>("list").WithDescription("The recipes.");
                b.AddCommand<RecipesShowCommand>("show").WithDescription("The text of a recipe.");
                b.AddCommand<RecipesSchemaCommand>("schema").WithDescription("The JSON schema, for editors.");
                b.SetDefaultCommand<RecipesListCommand>();
            });
            c.AddCommand<CompareCommand>("compare").WithDescription("Several architectures under one recipe: one table and plot.").WithExample("compare", "digits", "--arch", "gmlp,vit,mixer", "--match-params");
            c.AddCommand<TuneCommand>("tune").WithDescription("Search the options that a recipe's section tune names, on the validation split.").WithExample("tune", "recipe.json").WithExample("tune", "recipe.json", "--resume", "runs/digits-tune-20260101-120000");
            c.AddCommand<ScaleCommand>("scale").WithDescription("What a change of batch size changes in a recipe, and why.").WithExample("scale", "digits", "--batch-size", "256");
            c.AddCommand<EvaluateCommand>("evaluate").WithDescription("Accuracy and calibration of a saved run.").WithExample("evaluate", "last");
            c.AddCommand<AttackCommand>("attack").WithDescription("Robust accuracy of a saved run, an ONNX file, a file of weights or an endpoint.").WithExample("attack", "last", "--norm", "l2", "--epsilon", "0.5")
                .WithExample("attack", "last", "--policy", "autoattack", "--epsilon", "0.1");
            c.AddBranch("attacks", b =>
            {
                b.SetDescription("Attacks: list them, search for the strongest on a model, find out whether a model hides its gradients.");
                b.AddCommand<AttacksListCommand>("list").WithDescription("The attacks and policies that have names.");
                b.AddCommand<AttacksSearchCommand>("search").WithDescription("The strongest cheap composite attack on a model.").WithExample("attacks", "search", "last", "--epsilon", "0.1");
                b.AddCommand<AttacksDiagnoseCommand>("diagnose").WithDescription("Whether a model resists or only hides its gradients.").WithExample("attacks", "diagnose", "last", "--epsilon", "0.1");
                b.SetDefaultCommand<AttacksListCommand>();
            });
            c.AddCommand<DetectCommand>("detect").WithDescription("How well a saved run tells foreign inputs apart.").WithExample("detect", "last", "--detector", "energy");
            c.AddBranch("detectors", b =>
            {
                b.SetDescription("Detectors: list them, compare them on a model, fit one with a threshold that holds, score with it.");
                b.AddCommand<DetectorsListCommand>("list").WithDescription("The detectors and outliers that have names.");
                b.AddCommand<DetectorsCompareCommand>("compare").WithDescription("All detectors on a model against near and far outliers, and the one to use.").WithExample("detectors", "compare", "last", "--near", "notmnist", "--far", "blobs");
                b.AddCommand<DetectorsFitCommand>("fit").WithDescription("Fit a detector on a model and keep it with a threshold.").WithExample("detectors", "fit", "last", "--detector", "knn:k=50", "--fpr", "0.01", "--out", "detector.zip");
                b.AddCommand<DetectorsScoreCommand>("score").WithDescription("What a kept detector says of inputs.").WithExample("detectors", "score", "last", "--with", "detector.zip", "--inputs", "./pictures");
                b.AddCommand<DetectorsOutliersCommand>("outliers").WithDescription("What sets of outliers are good for before a model is exposed to them.").WithExample("detectors", "outliers", "last", "--set", "notmnist", "--set", "jigsaw");
                b.AddCommand<DetectorsFitRowsCommand>("fit-rows").WithDescription("Fit a detector of unusual table rows, without any model, and keep it with a threshold that holds.").WithExample("detectors", "fit-rows", "rows.csv", "--detector", "ecod", "--fpr", "0.01", "--out", "detector.zip");
                b.AddCommand<DetectorsScoreRowsCommand>("score-rows").WithDescription("What a kept detector of rows says of a table.").WithExample("detectors", "score-rows", "detector.zip", "new.csv");
                b.AddCommand<DetectorsFitImagesCommand>("fit-images").WithDescription("Fit a detector of unusual images, without labels or a model, and keep it with a threshold that holds.").WithExample("detectors", "fit-images", "mnist", "--class", "3", "--out", "detector.zip")
                    .WithExample("detectors", "fit-images", "./pictures", "--shape", "3x32x32");
                b.AddCommand<DetectorsScoreImagesCommand>("score-images").WithDescription("What a kept detector of images says of others.").WithExample("detectors", "score-images", "detector.zip", "mnist", "--normal", "3");
                b.SetDefaultCommand<DetectorsListCommand>();
            });
            c.AddCommand<DriftCommand>("drift").WithDescription("Whether a window of rows still looks like the reference, and which features moved.").WithExample("drift", "--reference", "a.csv", "--window", "b.csv", "--fail-on-drift");
            c.AddCommand<WatchCommand>("watch").WithDescription("Decide about records as they come, from standard input, a folder or HTTP, with alarms that keep their promise.").WithExample("watch", "detector.zip", "--input", "stdin", "--state", "watch.json", "--decisions", "decisions.jsonl")
                .WithExample("watch", "detector.zip", "--http", "8080", "--state", "watch.json");
            c.AddCommand<ExplainCommand>("explain").WithDescription("Counterfactuals of a saved run's decisions.").WithExample("explain", "last", "--target", "8");
            c.AddCommand<ProbeCommand>("probe").WithDescription("What simple classifiers make of a saved run's features.").WithExample("probe", "last");
            c.AddCommand<EmaCommand>("ema").WithDescription("Make an average of another width from a saved run's stored ones.").WithExample("ema", "last", "--sigma-rel", "0.08");
            c.AddCommand<ReportCommand>("report").WithDescription("Make a run's report again.").WithExample("report", "last");
            c.AddCommand<ExportCommand>("export").WithDescription("Write a saved run's network, or published weights, as an ONNX file.").WithExample("export", "last", "--out", "model.onnx")
                .WithExample("export", "bert.safetensors", "--arch", "bert_base");
            c.AddCommand<PredictCommand>("predict").WithDescription("Classify pictures with an ONNX file.").WithExample("predict", "model.onnx", "picture.png");
            c.AddBranch("text", b =>
            {
                b.SetDescription("Language models: write, fine-tune.");
                b.AddCommand<TextGenerateCommand>("generate").WithDescription("Text written by a saved run's language model.").WithExample("text", "generate", "last", "--prompt", "ROMEO:");
                b.AddCommand<TextFinetuneCommand>("finetune").WithDescription("A recipe over seeds and a small grid; the median counts.").WithExample("text", "finetune", "--recipe", "sst2", "--seeds", "5");
            });
            c.AddBranch("runs", b =>
            {
                b.SetDescription("The runs under runs/.");
                b.AddCommand<RunsListCommand>("list").WithDescription("The runs, newest first.");
                b.AddCommand<RunsShowCommand>("show").WithDescription("Every number of one run.");
                b.AddCommand<RunsCompareCommand>("compare").WithDescription("The numbers of several runs side by side.");
                b.SetDefaultCommand<RunsListCommand>();
            });
            c.AddBranch("model", b =>
            {
                b.SetDescription("The networks that have names, and what they learned.");
                b.AddCommand<ModelListCommand>("list").WithDescription("The networks.").WithExample("model", "list", "gmlp*");
                b.AddCommand<ModelInfoCommand>("info").WithDescription("Parameters, multiply-adds and memory of one.").WithExample("model", "info", "gmlp_s16_224");
                b.AddCommand<ModelConvertCommand>("convert").WithDescription("Published weights under the names of a network here.")
                    .WithExample("model", "convert", "pytorch_model.bin", "--arch", "bert_base", "--layout", "huggingFaceBert", "--out", "bert.safetensors");
                b.AddCommand<ModelSpatialCommand>("spatial").WithDescription("The spatial filters that a gMLP learned, as a picture.").WithExample("model", "spatial", "last");
                b.SetDefaultCommand<ModelListCommand>();
            });
            c.AddBranch("data", b =>
            {
                b.SetDescription("The data sets that have names.");
                b.AddCommand<DataListCommand>("list").WithDescription("The data sets.");
                b.AddCommand<DataInfoCommand>("info").WithDescription("Source, licence, shape and files of one.");
                b.AddCommand<DataFetchCommand>("fetch").WithDescription("Download one, verified.");
                b.SetDefaultCommand<DataListCommand>();
            });
            c.AddCommand<ReproduceCommand>("reproduce").WithDescription("A paper's claims: the published numbers beside ours.").WithExample("reproduce", "ema-scaling", "--part", "parabola");
            c.AddCommand<DoctorCommand>("doctor").WithDescription("What works on this machine, and how to mend the rest.");
            foreach (ICommandGroup group in EspalierHost.Groups)
            {
                c.AddBranch(group.Name, b =>
                {
                    b.SetDescription(group.Description);
                    group.Configure(b);
                });
            }
        });
        return app;
    }
}
