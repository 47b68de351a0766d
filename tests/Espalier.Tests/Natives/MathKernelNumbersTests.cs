using System.Globalization;
using System.Text.Json.Nodes;
using Espalier.Tests.Cli;
using Espalier.Tests.Concurrency;
using Espalier.Tests.Data;

namespace Espalier.Tests.Natives;

/// <summary>The kernels that the program chooses for oneMKL, and those that oneMKL chooses, give the numbers of double precision.</summary>
[Collection(Beside.Name)]
public sealed class MathKernelNumbersTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("0")]
    public void Functions_products_and_factorizations_are_right_with_either_choice(string? variable)
    {
        using var folder = new TemporaryFolder();
        CommandResult result = EspalierProcess.Run(folder.Path, variable is null ? [] : new Dictionary<string, string> { ["ESPALIER_MATH_KERNELS"] = variable }, "doctor", "--json", "--quiet");
        JsonNode finding = Assert.Single(JsonNode.Parse(result.Output)!.AsArray(), f => (string?)f!["what"] == "numbers")!;
        Assert.True((bool)finding["works"]!, (string?)finding["detail"]);

        // The check itself sees errors: no arithmetic in single precision is free of them.
        string[] errors = ((string)finding["detail"]!).Split(' ');
        Assert.Contains(errors, e => double.TryParse(e.TrimEnd(','), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value is > 0.1 and < 600);
    }
}
