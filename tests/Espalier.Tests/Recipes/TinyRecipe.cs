namespace Espalier.Tests.Recipes;

/// <summary>A recipe with every stage that is over in a second or two.</summary>
internal static class TinyRecipe
{
    /// <summary>A small gMLP on 300 of the digits.</summary>
    public const string Digits = """
        {
          "name": "tiny",
          "title": "Tiny <i>digits</i>",
          "seed": 3,
          "data": { "name": "digits", "limit": 300 },
          "model": { "name": "gmlp", "gmlp": { "patchSize": 4, "dModel": 16, "dFfn": 32, "layers": 1, "survivalProbability": 0.8 } },
          "train": {
            "length": "4 epochs", "batchSize": 32,
            "optimizer": { "learningRate": 0.01 },
            "ema": { "halfLife": "1 epochs" },
          },
          "evaluate": {},
          "attack": { "samples": 20, "pgd": { "steps": 3 }, "curves": [ { "norm": "lInf", "epsilons": [0.05, 0.1] }, { "norm": "l2", "epsilons": [0.5] } ] },
          "detect": {},
          "explain": { "samples": 3, "wachter": { "rounds": 2, "steps": 30, "loss": "logOddsHinge" } },
        }
        """;

    /// <summary>An MLP on a table of the user's, standardized.</summary>
    public const string Table = """
        {
          "name": "table",
          "data": { "name": "csv", "path": "table.csv", "standardize": true },
          "model": { "name": "mlp", "mlp": { "hiddenSizes": [16] } },
          "train": { "length": "10 epochs", "batchSize": 32, "optimizer": { "learningRate": 0.02 } },
          "evaluate": {},
          "attack": { "pgd": { "steps": 3 }, "curves": [ { "norm": "lInf", "epsilons": [0.5] } ] },
          "detect": {},
          "explain": { "samples": 4, "wachter": { "rounds": 3, "steps": 60 } },
        }
        """;

    /// <summary>Rows of which income decides: large numbers, a category, and a class with a name to be escaped.</summary>
    public static string Csv(int rows = 200)
    {
        var random = new Random(5);
        IEnumerable<string> lines = Enumerable.Range(0, rows).Select(_ =>
        {
            double income = 900_000 + random.Next(200_000);
            return FormattableString.Invariant($"{income},{random.NextDouble():0.000},{(random.Next(2) == 0 ? "owner" : "tenant")},{(income > 1_000_000 ? "<b>yes</b>" : "no")}");
        });
        return string.Join('\n', lines.Prepend("income,noise,home,granted")) + "\n";
    }
}
