using Espalier.Training.Loop;

namespace Espalier.Reproductions.Gmlp;

/// <summary>Hears of the evaluations of a training alone: the step and the numbers.</summary>
internal sealed class EvaluationListener(Action<long, IReadOnlyDictionary<string, double>> report) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value)
    {
        if (value.Evaluation is { } evaluation)
            report(value.State.Step, evaluation);
    }
}
