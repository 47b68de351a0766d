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
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

using LoadedData data = DataCatalog.Default.Load(new DataOptions { Name = "breast-cancer", Standardize = true });
Dataset train = data.Splits.Train;
Dataset test = data.Splits.Test;

using var network = ModelZoo.Create(new ModelOptions { Name = "mlp", Mlp = new() { HiddenSizes = [32] } }, train.InputShape, train.ClassCount, seed: 1);
var trainer = new Trainer(new TrainerOptions { Length = Duration.Epochs(30), BatchSize = 32, Ema = new() { HalfLife = Duration.Epochs(2) } });
using TrainingResult training = trainer.Fit(new ClassificationObjective(network), train, new() { Validation = data.Splits.Validation });
Console.WriteLine($"trained {training.State.Step} steps at {training.SamplesPerSecond:N0} samples/s");

// An audit takes the averaged weights for as long as the swap lasts.
using IDisposable averaged = training.Ema!.Swap();
using var classifier = new TorchClassifier(network, test.InputShape, test.ClassCount, test.Bounds);
using LabelledBatch all = test.All();

var attack = new ProjectedGradientDescent(new() { Norm = Norm.LInf, Epsilon = 0.25, Steps = 40 });
using AttackResult attacked = attack.Run(classifier, all.Inputs, all.Labels);
Console.WriteLine($"accuracy {attacked.CleanAccuracy:P1}; {attacked.RobustAccuracy:P1} when every feature may shift by a quarter of its deviation");

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
