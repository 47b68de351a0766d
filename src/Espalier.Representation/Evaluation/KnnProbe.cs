using System.Runtime.InteropServices;
using Espalier.Errors;
using Espalier.Representation.Losses;

namespace Espalier.Representation.Evaluation;

/// <summary>
/// Weighted nearest-neighbour classification on frozen features (Wu et al., CVPR 2018, section 3.4, as DINO uses it): the k
/// bank samples of highest cosine vote for their class with weight exp(cosine/T).
/// </summary>
public sealed class KnnProbe
{
    private const int TopClasses = 5;

    /// <summary>Creates the probe.</summary>
    /// <param name="options">How it votes.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public KnnProbe(KnnProbeOptions options)
    {
        options.Validate();
        Options = options;
    }

    /// <summary>How it votes.</summary>
    public KnnProbeOptions Options { get; }

    /// <summary>Classifies the queries by their neighbours in the bank.</summary>
    /// <param name="bank">Features that are searched, usually the training part's, [n, d].</param>
    /// <param name="bankLabels">[n], integers of at least 0; two classes at least.</param>
    /// <param name="queries">Features to classify, [m, d].</param>
    /// <param name="queryLabels">[m], integers of at least 0.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <exception cref="ShapeException">The shapes do not fit each other.</exception>
    /// <exception cref="DataException">No rows, a NaN, a negative label, a single class.</exception>
    public KnnProbeResult Run(Tensor bank, Tensor bankLabels, Tensor queries, Tensor queryLabels, CancellationToken cancellationToken = default)
    {
        LabelledFeatures.Check(bank, nameof(bank));
        LabelledFeatures.Check(queries, nameof(queries));
        LabelledFeatures.CheckWidth(queries, nameof(queries), bank, nameof(bank));
        long[] known = LabelledFeatures.Labels(bankLabels, nameof(bankLabels), bank.shape[0]);
        long[] truth = LabelledFeatures.Labels(queryLabels, nameof(queryLabels), queries.shape[0]);
        LabelledFeatures.RequireTwoClasses(known, nameof(bankLabels));

        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        (int size, int count) = (known.Length, truth.Length);
        int k = Math.Min(Options.Neighbors, size);
        Tensor transposed = EmbeddingPair.Normalized(bank.detach()).t(); // [d, n]
        Tensor unit = EmbeddingPair.Normalized(queries.detach().to(bank.dtype)); // [m, d]
        double[] votes = new double[known.Max() + 1];
        long[] predicted = new long[count];
        int right = 0, rightOfFive = 0;
        int rows = Math.Max(1, Options.SimilaritiesAtOnce / size);
        for (int start = 0; start < count; start += rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var block = torch.NewDisposeScope();
            int some = Math.Min(rows, count - start);
            (Tensor cosines, Tensor neighbors) = unit.narrow(0, start, some).mm(transposed).topk(k, 1); // [rows, k]
            Tensor cosinesHere = cosines.to(torch.float64).cpu().contiguous(), neighborsHere = neighbors.cpu().contiguous();
            ReadOnlySpan<double> similarity = MemoryMarshal.Cast<byte, double>(cosinesHere.bytes);
            ReadOnlySpan<long> index = MemoryMarshal.Cast<byte, long>(neighborsHere.bytes);
            for (int i = 0; i < some; i++)
            {
                Array.Clear(votes);
                for (int j = 0; j < k; j++)
                {
                    // Relative to the nearest: the shares stay the same, and a small T cannot overflow.
                    votes[known[index[(i * k) + j]]] += Math.Exp((similarity[(i * k) + j] - similarity[i * k]) / Options.Temperature);
                }

                long label = truth[start + i];
                int rank = Rank(votes, label);
                predicted[start + i] = Array.IndexOf(votes, votes.Max());
                right += rank == 0 ? 1 : 0;
                rightOfFive += rank < TopClasses ? 1 : 0;
            }
        }

        return new KnnProbeResult((double)right / count, (double)rightOfFive / count, predicted);
    }

    // How many classes come before this one; a class without a vote comes last.
    private static int Rank(double[] votes, long label)
    {
        if (label >= votes.Length || votes[label] == 0)
            return int.MaxValue;
        int rank = 0;
        for (int c = 0; c < votes.Length; c++)
            rank += votes[c] > votes[label] || (votes[c] == votes[label] && c < label) ? 1 : 0;
        return rank;
    }
}
