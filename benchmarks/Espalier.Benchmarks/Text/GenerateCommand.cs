using System.Globalization;
using Espalier.Reproductions;
using Espalier.Runs.Reports;

namespace Espalier.Benchmarks.Text;

/// <summary><c>generate [--threads N] [--out FILE.svg]</c>: what a token costs over the length of the prefix, with earlier ones kept and computed again.</summary>
internal static class GenerateCommand
{
    public static void Run(CommandArguments arguments)
    {
        if (arguments.Number("--threads") is { } threads)
            torch.set_num_threads(threads);
        Func<ReproductionContext, ReproductionPart> measure = Reproduction.Find("gmlp").Parts.Single(p => p.Name == "decoding").Run;
        ReproductionPart part = measure(new ReproductionContext(1, torch.CPU, Console.Error.WriteLine, CancellationToken.None));
        foreach (Claim claim in part.Claims)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{claim.What}: {claim.Measured} ({claim.Published})"));
        if (arguments.Text("--out") is { } file)
            File.WriteAllText(file, StandaloneSvg.Of(part.Charts[0].Svg));
    }
}
