using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Recipes.Tasks.Objectives;
using Espalier.Recipes.Tuning;
using Espalier.Representation.SelfSupervision;
using Espalier.Robustness.Attacks.Gradient;

namespace Espalier.Recipes;

/// <summary>What this toolkit's own areas add to recipes.</summary>
public static class BuiltIn
{
    /// <summary>The catalogue of this toolkit's own tasks and stages.</summary>
    public static EspalierCatalog Catalog { get; } = AddTo(new EspalierCatalog());

    /// <summary>Adds this toolkit's own tasks and stages to a catalogue, to which others may then be added.</summary>
    public static EspalierCatalog AddTo(EspalierCatalog catalog) => catalog
        .AddDefault("objective", new ObjectiveTask())
        .Add(new ProbeStage())
        .Add(new EvaluateStage())
        .Add(new AttackStage())
        .Add(new DetectStage())
        .Add(new ExplainStage())
        .AddSection<TuneOptions>("tune")
        .AddWork(new TuneWork())

        // A curve sets the norm and radius of its attack, and the encoder is the model's.
        .Hide(typeof(GradientAttackOptions), "seed", "norm", "epsilon")
        .Hide(typeof(SelfSupervisionOptions), "encoder");
}
