using System.Text.RegularExpressions;
using Espalier.Cli;

namespace Espalier.Tests.Cli;

public sealed class FrontPageTests
{
    public static TheoryData<string> Commands => [.. FrontPage.Lines.Where(l => l.Command is not null).Select(l => l.Command!)];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_of_the_page_exists_and_explains_itself(string command)
    {
        CommandResult help = InProcess.Run(command, "--help");
        Assert.Equal(0, help.ExitCode);
        Assert.Contains($"espalier {command}", help.Output, StringComparison.Ordinal);
        Assert.Equal("", help.Error);
    }

    [Fact]
    public void Every_registered_command_is_on_the_page()
    {
        // The command-line library's own list: what it says of the application, not what the page says.
        string listing = InProcess.Capture(() => Program.Create().Run(["--help"])).Output;
        string[] registered = [.. Regex.Matches(listing[listing.IndexOf("COMMANDS:", StringComparison.Ordinal)..], "^    (\\w+)", RegexOptions.Multiline).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal)];
        Assert.Equal(FrontPage.Lines.Select(l => l.Command).OfType<string>().Order(StringComparer.Ordinal), registered);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("help")]
    public void The_page_is_what_help_prints(string argument)
    {
        CommandResult page = InProcess.Run(argument);
        Assert.Equal((0, FrontPage.Text, ""), (page.ExitCode, page.Output, page.Error));
        Assert.All(Commands.Select(c => c.Data), c => Assert.Matches($"(?m)^  {c} +\\w", page.Output));
        Assert.Equal(page.Output, InProcess.Run().Output);
    }
}
