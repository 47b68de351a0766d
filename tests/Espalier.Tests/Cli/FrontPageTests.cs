using System.Reflection;
using System.Runtime.Loader;
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

    [Fact]
    public void The_page_answers_at_once()
    {
        // What takes time is the loading of libraries: the page needs none but the command's own, of managed and of native ones.
        string own = typeof(Program).Assembly.Location;
        var context = new Watched(own);
        try
        {
            Type program = context.LoadFromAssemblyPath(own).GetType(typeof(Program).FullName!)!;
            CommandResult page = InProcess.Capture(() => (int)program.GetMethod(nameof(Program.Main))!.Invoke(null, [new[] { "--help" }])!);
            Assert.Equal((0, FrontPage.Text, ""), (page.ExitCode, page.Output, page.Error));
            Assert.DoesNotContain(context.Asked, name => !name.StartsWith("System.", StringComparison.Ordinal));

            // The same way everything is asked for by a command that needs it.
            InProcess.Capture(() => (int)program.GetMethod(nameof(Program.Main))!.Invoke(null, [new[] { "--version" }])!);
            Assert.Contains("Spectre.Console.Cli", context.Asked);
        }
        finally
        {
            context.Unload();
        }
    }

    /// <summary>Loads libraries anew from the folder of one of them, and notes which are asked for.</summary>
    private sealed class Watched(string main) : AssemblyLoadContext(isCollectible: true)
    {
        private readonly AssemblyDependencyResolver _resolver = new(main);

        public List<string> Asked { get; } = [];

        protected override Assembly? Load(AssemblyName assemblyName)
        {
            Asked.Add(assemblyName.Name!);
            return _resolver.ResolveAssemblyToPath(assemblyName) is { } path ? LoadFromAssemblyPath(path) : null;
        }

        protected override nint LoadUnmanagedDll(string unmanagedDllName)
        {
            Asked.Add(unmanagedDllName);
            return base.LoadUnmanagedDll(unmanagedDllName);
        }
    }
}
