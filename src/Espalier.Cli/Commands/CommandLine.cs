namespace Espalier.Cli.Commands;

/// <summary>The command line as somebody can type it again.</summary>
internal static class CommandLine
{
    public static string Text { get; } = string.Join(' ', Environment.GetCommandLineArgs().Skip(1).Select(Quoted).Prepend("espalier"));

    private static string Quoted(string argument) =>
        argument.Length > 0 && argument.All(c => char.IsLetterOrDigit(c) || "-_=./:,".Contains(c, StringComparison.Ordinal)) ? argument : $"'{argument.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
