// Trains a small network on a table, then asks how robust it is and what would have had to differ.
// Run it with: dotnet run -c Release --project samples/AuditATable

// Your own table: new DataOptions { Name = "csv", Path = "customers.csv", Csv = new() { Target = "churned" } }.

using Espalier.Counterfactuals;
using Espalier.Counterfactuals.Search;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Models;
using Espalier.Networks;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Regions;
using Espalier.Runtime;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

EspalierRuntime.Tune();
using LoadedData data = DataCatalog.Default.Load(new DataOptions { Name = "breast-cancer", Standardize = true });
Dataset train = data.Splits.Train;
Dataset test = data.Splits.Test;

using var network = ModelZoo.Create("mlp", train);
var trainer = new Trainer(new TrainerOptions { Length = Duration.Epochs(30), BatchSize = 32, Ema = new() { HalfLife = Duration.Epochs(2) } });
using TrainingResult training = trainer.Fit(new ClassificationObjective(network), train, new() { Validation = data.Splits.Validation });
Console.WriteLine($"trained {training.State.Step} steps at {training.SamplesPerSecond:N0} samples/s");

// An audit looks at a copy of its own with the averaged weights.
using var copy = ModelZoo.Create("mlp", train);
training.Ema!.CopyTo(copy);
using var classifier = TorchClassifier.For(copy, test);
using LabelledBatch all = test.All();

var attack = new ProjectedGradientDescent(new() { Norm = Norm.LInf, Epsilon = 0.25, Steps = 40 });
using AttackResult attacked = attack.Run(classifier, all.Inputs, all.Labels);
Console.WriteLine($"{attacked.RobustCount} of {attacked.Count} rows keep their class when every feature may shift by a quarter of its deviation; accuracy {attacked.CleanAccuracy:P1} before");

using LabelledBatch one = test.Gather([0]);
using var target = 1 - one.Labels;
var wachter = new Wachter(new() { Loss = ValidityLoss.LogOddsHinge });
using CounterfactualResult counterfactual = wachter.Explain(classifier, one.Inputs, target);
string[] names = [.. data.Schema!.FeatureNames];
float[] before = one.Inputs.data<float>().ToArray();
float[] after = counterfactual.Counterfactuals.data<float>().ToArray();
Console.WriteLine($"sample 0 would be called '{test.ClassNames[(int)target[0].item<long>()]}' if:");
for (int i = 0; i < before.Length; i++)
{
    if (Math.Abs(after[i] - before[i]) > 1e-4)
        Console.WriteLine($"  {names[i]} moved by {after[i] - before[i]:+0.00;-0.00} standard deviations");
}
