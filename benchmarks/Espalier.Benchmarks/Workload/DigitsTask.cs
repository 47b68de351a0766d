using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Networks;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Training.Loop;
using Espalier.Training.Optimizers;
using Espalier.Training.Scaling;
using Model = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Benchmarks.Workload;

/// <summary>The gMLP of the shipped recipe <c>digits</c> and its training data, at a batch size of choice.</summary>
public sealed class DigitsTask : IDisposable
{
    private readonly Recipe _recipe;
    private readonly LoadedData _data;

    /// <summary>Loads the recipe and its data.</summary>
    /// <param name="batchSize">Samples per step; the recipe's values are rescaled to it, as for a user.</param>
    /// <param name="fixedCostOnly">A linear model instead of the gMLP: what a step costs besides the model stands out.</param>
    public DigitsTask(int batchSize, bool fixedCostOnly = false)
    {
        BatchSize = batchSize;
        string[] linear = fixedCostOnly ? ["model.name=mlp", "model.mlp.hiddenSizes=[]"] : [];
        _recipe = RecipeCatalog.Read("digits", [$"train.batchSize={batchSize}", .. linear]);
        _data = DataCatalog.Default.Load(_recipe.Data);
    }

    /// <summary>Samples per step.</summary>
    public int BatchSize { get; }

    /// <summary>The training split.</summary>
    public Dataset Train => _data.Splits.Train;

    /// <summary>The smoothing of the targets.</summary>
    public double LabelSmoothing => _recipe.Objective.LabelSmoothing;

    /// <summary>The training options, without end.</summary>
    public TrainerOptions Options => _recipe.SeededTraining with { Length = Duration.Steps(1e7) };

    /// <summary>A freshly drawn model; the same at every call.</summary>
    /// <param name="dropsPaths">Whether residual branches are dropped at random, as in the recipe.</param>
    public Model NewModel(bool dropsPaths = true)
    {
        ModelOptions options = dropsPaths ? _recipe.Model : _recipe.Model with { Gmlp = _recipe.Model.Gmlp with { SurvivalProbability = 1 } };
        return ModelZoo.Create(options, Train.InputShape, Train.ClassCount, _recipe.Seed);
    }

    /// <summary>What a bare loop does in every step: the trainer's values at this batch size, without a schedule.</summary>
    public StepArithmetic Arithmetic
    {
        get
        {
            OptimizerOptions o = Options.Optimizer;
            var rule = new ScalingRule(o.Kind, Options.Scaling);
            int baseBatch = Options.BaseBatchSize ?? BatchSize;
            double kappa = (double)BatchSize / baseBatch;
            Hyperparameters values = rule.At(new(o.LearningRate, o.Momentum, o.Beta1, o.Beta2, o.Epsilon, o.WeightDecay), kappa);
            double momentum = rule.EmaMomentum(Options.Ema!.BaseMomentum(baseBatch, Train.Count), kappa);
            return new StepArithmetic(values, Options.ClipNorm!.Value, momentum, LabelSmoothing);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _data.Dispose();
}
