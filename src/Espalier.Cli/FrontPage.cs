namespace Espalier.Cli;

/// <summary>
/// What <c>espalier --help</c> prints: the commands by what people want to do. It is text, so that it answers at once,
/// without the command-line library and without libtorch.
/// </summary>
internal static class FrontPage
{
    /// <summary>The commands with one line each, in the order of a model's life; a null command is a heading.</summary>
    public static IReadOnlyList<(string? Command, string Text)> Lines { get; } =
    [
        (null, "Train"),
        ("run", "run a recipe from data to report, or resume one"),
        ("recipes", "list, show, and the schema of recipes"),
        ("compare", "several architectures under one recipe"),
        ("tune", "search the options that a recipe names, on its validation split"),
        ("scale", "what a change of batch size changes, and why"),
        (null, "Audit a saved run"),
        ("evaluate", "accuracy and calibration on the test split"),
        ("attack", "accuracy that is left under attack"),
        ("attacks", "list them, search the strongest, diagnose a model"),
        ("detect", "how well foreign inputs are told apart"),
        ("detectors", "list them, compare them on a model, fit one, score with it"),
        ("explain", "the smallest change that turns a decision"),
        ("probe", "what simple classifiers make of its features"),
        ("ema", "an average of another width from stored ones"),
        ("report", "make a run's report again"),
        (null, "Ship it"),
        ("export", "a saved run's network as ONNX, checked"),
        ("predict", "what an ONNX classifier sees in pictures"),
        ("watch", "decide about records as they come; alarms that keep their promise"),
        ("drift", "whether rows still look as they did, and which features moved"),
        (null, "Work with text"),
        ("text", "write with a saved language model, or fine-tune one"),
        (null, "Look around"),
        ("runs", "list, show and compare runs"),
        ("model", "list, info and spatial filters of networks; convert weights"),
        ("data", "list, info and fetch of data sets"),
        ("reproduce", "a paper's claims, the published numbers beside ours"),
        ("doctor", "what works on this machine, and how to mend the rest"),
    ];

    /// <summary>The page.</summary>
    public static string Text { get; } = Of(Lines);

    /// <summary>The page with the groups of a program of one's own.</summary>
    public static string With(IReadOnlyList<ICommandGroup> groups) =>
        groups.Count == 0 ? Text : Of([.. Lines, (null, "Added by this program"), .. groups.Select(g => ((string?)g.Name, g.Description))]);

    private static string Of(IReadOnlyList<(string? Command, string Text)> lines) =>
        $"""
        espalier: train, stress-test and explain deep models on .NET

        usage: espalier <command> [options]        espalier <command> --help

        {string.Join(Environment.NewLine, lines.Select(l => l.Command is null ? Environment.NewLine + l.Text : $"  {l.Command,-10} {l.Text}")).TrimStart()}

        Options of every command
          --json     the result as JSON on standard output      --seed N      the seed of everything random
          --quiet    print nothing but errors                   --threads N   threads of a tensor operation
          --out DIR  the folder of the run                      --device D    cpu (default), cuda, cuda:1

        Exit codes: 0 done, 1 not done (interrupted), 2 the input must be mended, 3 an alarm or drift
        that was asked for.

        Start with:  espalier run digits

        """;
}
