using System.Globalization;
using Espalier.Communication;
using Espalier.Models;
using Espalier.Randomness;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Policies;
using Espalier.Search;

namespace Espalier.Robustness.Search;

/// <summary>
/// Attack policies judged by what stands under them and what they cost: robust accuracy on the search examples, and nominal
/// gradients per example (caa.md 1.4). The examples come in three parts: who cannot come to anything is not attacked further.
/// </summary>
internal sealed class PolicyProblem(PolicySpace space, IClassifier classifier, PolicyExamples examples, PolicySearchOptions options, ICommunicator communicator) : SearchProblem<PolicyGenome>
{
    public const string Gradients = "gradientsPerExample";
    public const string Queries = "queriesPerExample";
    private static readonly double[] s_parts = [0.25, 0.5, 1];

    public override int ObjectiveCount => 2;

    public override string Fingerprint { get; } = string.Create(CultureInfo.InvariantCulture,
        $"{options.Norm} {options.Epsilon:R}, pool {string.Join(' ', space.Pool)}, {options.Stages} stages of at most {options.MaxSteps} steps and {options.MaxComplexity} gradients, ")
        + EvaluationCheckpoint.Identity(new AttackTarget(classifier, new QueryMeter()), examples.Inputs, examples.Labels, "", new ProjectedGradientDescentOptions { Norm = options.Norm, Epsilon = options.Epsilon, BatchSize = options.BatchSize });

    public override PolicyGenome Draw(ref SplitMix64 random) => space.Draw(ref random);

    public override (PolicyGenome First, PolicyGenome Second) Cross(PolicyGenome first, PolicyGenome second, ref SplitMix64 random) => PolicySpace.Cross(first, second, ref random);

    public override PolicyGenome Mutate(PolicyGenome genome, ref SplitMix64 random) => space.Mutate(genome, ref random);

    public override PolicyGenome Repair(PolicyGenome genome) => space.Repair(genome);

    public override string Key(PolicyGenome genome) => PolicySpace.Key(genome);

    public override IReadOnlyList<SearchEvaluation> Evaluate(IReadOnlyList<PolicyGenome> genomes, SearchRivals rivals, CancellationToken cancellationToken)
    {
        if (communicator.Size > 1)
            return WorkSharing.Map(communicator, genomes.Count, i => One(genomes[i], rivals, cancellationToken));
        var evaluations = new SearchEvaluation[genomes.Count];
        ParallelTensors.For(genomes.Count, options.Workers, i => evaluations[i] = One(genomes[i], rivals, cancellationToken), cancellationToken);
        return evaluations;
    }

    private SearchEvaluation One(PolicyGenome genome, SearchRivals rivals, CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        int seed = unchecked((int)GenomeSeed.Of(options.Seed, Key(genome)));
        CompositeAttack attack = space.Policy(genome).Build(options.Norm, options.Epsilon, seed, options.BatchSize);
        var meter = new QueryMeter();
        var target = new AttackTarget(classifier, meter, examples.Inputs);
        long[] keys = RowKeys.Seeds(examples.Inputs);
        (int done, int standing) = (0, 0);
        foreach (double share in s_parts)
        {
            int end = Math.Max(done, (int)Math.Round(share * examples.Count));
            if (end > done)
            {
                using AttackResult result = attack.Run(target, examples.Inputs.narrow(0, done, end - done), examples.Labels.narrow(0, done, end - done), null, keys[done..end], null, cancellationToken);
                standing += Enumerable.Range(0, result.Count).Count(i => result.OriginallyCorrect[i] && !result.Success[i]);
                done = end;
            }

            // At best, all that is left falls.
            if (done < examples.Count && rivals.IsHopeless([standing / (double)examples.Count, attack.Complexity]))
                return Outcome(standing / (double)examples.Count, true);
        }

        return Outcome(standing / (double)examples.Count, false);

        SearchEvaluation Outcome(double robust, bool dropped) => new([robust, attack.Complexity], dropped, new Dictionary<string, double>
        {
            [Gradients] = meter.Gradients / (double)Math.Max(1, done),
            [Queries] = meter.Queries / (double)Math.Max(1, done),
        });
    }
}
