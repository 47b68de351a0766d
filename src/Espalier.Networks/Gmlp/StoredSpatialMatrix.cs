using Espalier.Errors;
using Espalier.Networks.Vision;

namespace Espalier.Networks.Gmlp;

/// <summary>A spatial matrix as a weights file holds it.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Values">W, [n, n], row = output position, row-major; a causal model's entries above the diagonal are unused.</param>
/// <param name="Tokens">Number of tokens n.</param>
/// <param name="Score">How nearly it is Toeplitz: see <see cref="Toeplitz.Score(Tensor)"/>. 1 where it is stored as diagonals.</param>
public sealed record StoredSpatialMatrix(string Name, IReadOnlyList<float> Values, int Tokens, double Score)
{
    /// <summary>How nearly it is shift invariant over a patch grid, in both directions.</summary>
    /// <param name="grid">The grid of the tokens.</param>
    public double ScoreOn(PatchGrid grid)
    {
        using Tensor matrix = torch.tensor([.. Values], [Tokens, Tokens]);
        return Toeplitz.Score(matrix, grid);
    }

    /// <summary>Reads every spatial matrix of a weights file, of any gMLP: names ending in <c>gate.proj.weight</c> or <c>sgu.weight</c>.</summary>
    /// <param name="path">A safetensors file.</param>
    /// <param name="averaged">Whether to read the averaged weights; where null, if there are any.</param>
    /// <exception cref="CheckpointException">The file is broken, or holds no such matrix.</exception>
    public static IReadOnlyList<StoredSpatialMatrix> Read(string path, bool? averaged = null)
    {
        var file = Models.SafetensorsFile.Open(path);
        bool ema = averaged ?? Models.ModelWeights.HasEma(path);
        using var scope = torch.NewDisposeScope();
        var matrices = new List<StoredSpatialMatrix>();
        foreach (string name in file.Names.Where(n => n.StartsWith(Models.ModelWeights.EmaPrefix, StringComparison.Ordinal) == ema && IsSpatial(n)))
        {
            Tensor weight = file.Load(name).to(torch.float32);
            bool toeplitz = weight.dim() == 1 || weight.shape[^1] != weight.shape[^2];
            Tensor[] heads = weight.dim() == (toeplitz ? 1 : 2) ? [weight] : weight.unbind(0);
            foreach (Tensor head in heads)
            {
                Tensor matrix = toeplitz ? Toeplitz.Matrix(head) : head;
                matrices.Add(new(name, matrix.contiguous().data<float>().ToArray(), (int)matrix.shape[0], Toeplitz.Score(matrix)));
            }
        }

        return matrices.Count > 0 ? matrices : throw new CheckpointException(path, "holds no spatial matrix", "give the weights of a gMLP");
    }

    // A checkpoint of a training holds the optimizer's moments under the same names.
    private static bool IsSpatial(string name) => !name.StartsWith("optimizer.", StringComparison.Ordinal) && (name.EndsWith("gate.proj.weight", StringComparison.Ordinal) || name.EndsWith("sgu.weight", StringComparison.Ordinal));
}
