using System.Text.Json;
using Espalier.Recipes.Engine;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Espalier.Cli.Output;

/// <summary>
/// Where a command's words go. With <c>--json</c> standard output carries the result alone, so people's words go to
/// standard error; with <c>--quiet</c> there are none.
/// </summary>
internal sealed class Terminal
{
    private const int UnlimitedWidth = 10_000;
    private const int PageWidth = 100;
    private const int LongestName = 32;

    public Terminal(bool quiet, bool json)
    {
        Json = json;
        Quiet = quiet;
        Console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(json ? System.Console.Error : System.Console.Out),
        });
        bool redirected = json ? System.Console.IsErrorRedirected : System.Console.IsOutputRedirected;
        Interactive = !quiet && !redirected;

        // Without a terminal, lines stay whole and tables fit a page.
        if (redirected)
            Console.Profile.Width = UnlimitedWidth;
    }

    public bool Json { get; }

    public bool Quiet { get; }

    public bool Interactive { get; }

    public IAnsiConsole Console { get; }

    public void Line(string text)
    {
        if (!Quiet)
            Console.WriteLine(text);
    }

    public void Markup(string markup)
    {
        if (!Quiet)
            Console.MarkupLine(markup);
    }

    public void Show(Spectre.Console.Rendering.IRenderable renderable)
    {
        if (Quiet)
            return;
        if (Interactive)
        {
            Console.Write(renderable);
            return;
        }

        // Names stay whole; what is said of them wraps.
        if (renderable is Table { Columns: [var names, ..] } table && WidestName(table) <= LongestName)
            names.NoWrap = true;
        Console.Profile.Width = int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), out int columns) && columns > 0 ? columns : PageWidth;
        Console.Write(renderable);
        Console.Profile.Width = UnlimitedWidth;
    }

    private int WidestName(Table table) => table.Rows.Count == 0 ? 0 : table.Rows.Max(r => r.First().Measure(RenderOptions.Create(Console), UnlimitedWidth).Max);

    /// <summary>Prints a text that is itself what was asked for, as it stands.</summary>
    public void Document(string text)
    {
        if (Json || !Quiet)
            System.Console.Out.Write(text);
    }

    /// <summary>Prints the result for scripts, where asked for.</summary>
    public void Result(object value)
    {
        if (Json)
            System.Console.Out.WriteLine(JsonSerializer.Serialize(value, RecipeJson.Records));
    }
}
