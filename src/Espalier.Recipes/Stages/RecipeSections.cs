using Espalier.Recipes.Engine;
using Espalier.Recipes.Tasks.Objectives;

namespace Espalier.Recipes.Stages;

/// <summary>The sections of a recipe that this toolkit's own stages and objectives add.</summary>
public static class RecipeSections
{
    extension(Recipe recipe)
    {
        /// <summary>The loss that the training minimises; classification where left out.</summary>
        public ObjectiveOptions Objective
        {
            get => recipe.Section<ObjectiveOptions>() ?? new();
            internal set => recipe.Bind(typeof(ObjectiveOptions), value);
        }

        /// <summary>How the features of an encoder are judged; null where left out.</summary>
        public ProbeOptions? Probe
        {
            get => recipe.Section<ProbeOptions>();
            internal set => recipe.Bind(typeof(ProbeOptions), value);
        }

        /// <summary>How the trained model is judged; null where left out.</summary>
        public EvaluateOptions? Evaluate
        {
            get => recipe.Section<EvaluateOptions>();
            internal set => recipe.Bind(typeof(EvaluateOptions), value);
        }

        /// <summary>How it is attacked; null where left out.</summary>
        public AttackOptions? Attack
        {
            get => recipe.Section<AttackOptions>();
            internal set => recipe.Bind(typeof(AttackOptions), value);
        }

        /// <summary>How inputs from elsewhere are flagged; null where left out.</summary>
        public DetectOptions? Detect
        {
            get => recipe.Section<DetectOptions>();
            internal set => recipe.Bind(typeof(DetectOptions), value);
        }

        /// <summary>How single decisions are explained; null where left out.</summary>
        public ExplainOptions? Explain
        {
            get => recipe.Section<ExplainOptions>();
            internal set => recipe.Bind(typeof(ExplainOptions), value);
        }
    }
}
