using Espalier.Errors;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Training.Optimizers;

/// <summary>The optimizers of all groups of parameters, one each.</summary>
internal sealed class GroupOptimizer : IDisposable
{
    private readonly (ParameterSection Section, OptimizerOptions Options, Optimizer Optimizer)[] _parts;

    public GroupOptimizer(OptimizerOptions options, FlatParameters parameters)
    {
        _parts = [.. parameters.Sections.Select(s => (s, s.Group?.Optimizer ?? options, Optimizer.Create(s.Group?.Optimizer ?? options, s.Parameters)))];
    }

    /// <summary>Moments by name, with the slices that they consist of.</summary>
    public IEnumerable<(string Name, Tensor Flat, IReadOnlyList<FlatSlice> Slices)> State =>
        _parts.SelectMany(p => p.Optimizer.State.Select(s => (s.Key, s.Value, p.Section.Parameters.Slices)));

    /// <summary>Counters by name; those of a group have its name before them.</summary>
    public Dictionary<string, double> Counters =>
        _parts.SelectMany(p => p.Optimizer.Counters.Select(c => (Prefix(p.Section) + c.Key, c.Value))).ToDictionary(c => c.Item1, c => c.Value);

    /// <summary>Sets a counter when a checkpoint is loaded.</summary>
    /// <exception cref="OptionsException">There is no such counter.</exception>
    public void Restore(string counter, double value)
    {
        foreach ((ParameterSection section, OptimizerOptions _, Optimizer optimizer) in _parts)
        {
            string prefix = Prefix(section);
            if (counter.StartsWith(prefix, StringComparison.Ordinal) && optimizer.Counters.ContainsKey(counter[prefix.Length..]))
            {
                optimizer.Restore(counter[prefix.Length..], value);
                return;
            }
        }

        throw new OptionsException("counter", counter, "is not one of this optimizer's");
    }

    /// <summary>One step of the groups that a phase trains.</summary>
    /// <param name="phase">Says which.</param>
    /// <param name="values">The hyper-parameters of an optimizer at this step.</param>
    public void Step(Phase phase, Func<OptimizerOptions, Hyperparameters> values)
    {
        foreach ((ParameterSection section, OptimizerOptions options, Optimizer optimizer) in _parts)
        {
            if (!phase.Trains(section.Name))
                continue;
            Hyperparameters h = values(options);
            if (section.Group is { } group)
                h = h with { LearningRate = h.LearningRate * group.RateFactor, WeightDecay = h.WeightDecay * group.DecayFactor };
            optimizer.Step(h);
        }
    }

    /// <summary>Carries the state over a change of batch size.</summary>
    public void BatchChanged(double factor)
    {
        foreach ((ParameterSection _, OptimizerOptions _, Optimizer optimizer) in _parts)
            optimizer.BatchChanged(factor);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((ParameterSection _, OptimizerOptions _, Optimizer optimizer) in _parts)
            optimizer.Dispose();
    }

    private static string Prefix(ParameterSection section) => section.Name.Length == 0 ? "" : section.Name + "/";
}
