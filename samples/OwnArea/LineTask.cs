using Espalier.Errors;
using Espalier.Recipes.Engine;
using Espalier.Training.Loop;
using TorchSharp.Modules;

namespace OwnArea;

/// <summary>Fits a line: <c>"task": { "kind": "line", ... }</c>.</summary>
internal sealed class LineTask : RecipeTask<LineOptions>
{
    public override string Kind => "line";

    public override void Validate(LineOptions options, Recipe recipe)
    {
        OptionsException.Require(options.Points >= 2, nameof(options.Points), options.Points, "must be at least 2");
        OptionsException.Require(options.Noise >= 0, nameof(options.Noise), options.Noise, "must not be negative");
    }

    public override TrainedModel? Run(LineOptions options, TaskContext context)
    {
        Linear network = torch.nn.Linear(1, 1);
        torch.nn.init.zeros_(network.weight!);
        torch.nn.init.zeros_(network.bias!);
        var train = new NoisyLine(options.Points, options.Slope, options.Noise, context.Seed);
        var validation = new NoisyLine(200, options.Slope, options.Noise, context.Seed + 1);
        using TrainingResult result = context.Fit(new LineObjective(network), train, validation, new() { Network = "line", LossLabel = "squared error", IsLossBounded = true });
        if (result.Outcome != TrainingOutcome.Interrupted)
            return new TrainedModel(new FittedLine(network));
        network.Dispose();
        return null;
    }
}
