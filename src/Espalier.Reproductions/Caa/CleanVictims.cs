using System.Globalization;
using Espalier.Data;
using Espalier.Recipes;

namespace Espalier.Reproductions.Caa;

/// <summary>The victims are the reference's: as many of 10,000 test images right.</summary>
internal static class CleanVictims
{
    public static IReadOnlyList<(string Name, int Correct)> Known { get; } = [("trades_smallcnn", 9948), ("tiny_std", 9842), ("tiny_at", 9762)];

    public static ReproductionPart Run(ReproductionContext context)
    {
        var claims = new List<Claim>();
        foreach ((string name, int correct) in Known)
        {
            using AuditTarget victim = Victims.Open(name, context.Device);
            using var scope = torch.NewDisposeScope();
            LabelledBatch all = victim.Splits.Test.All();
            long right = victim.Classifier.Predict(all.Inputs).eq(all.Labels).sum().item<long>();
            claims.Add(new($"{name}, right of 10,000", correct.ToString(CultureInfo.InvariantCulture), right.ToString(CultureInfo.InvariantCulture), right == correct));
        }

        return new("victims", "Three networks for MNIST with known weights on the 10,000 test images.", claims, []);
    }
}
