using Espalier.Errors;
using Espalier.Models;
using Espalier.Networks.Gmlp;
using Espalier.Tests.Data;

namespace Espalier.Tests.Networks;

public sealed class StoredSpatialMatrixTests
{
    [Fact]
    public void Matrices_are_read_from_the_file_of_any_gmlp()
    {
        using var folder = new TemporaryFolder();
        using var scope = torch.NewDisposeScope();
        using var dense = new GmlpVision(new GmlpVisionOptions { ImageHeight = 8, ImageWidth = 8, Channels = 1, Classes = 2, PatchSize = 2, DModel = 4, DFfn = 8, Layers = 2, SpatialInitStd = 0.5 }, 1);
        ModelWeights.Save(dense, folder.File("dense.safetensors"));
        IReadOnlyList<StoredSpatialMatrix> matrices = StoredSpatialMatrix.Read(folder.File("dense.safetensors"));
        Assert.Equal(2, matrices.Count);
        Assert.Equal(16, matrices[0].Tokens);
        Assert.Equal(dense.SpatialMatrices()[1].data<float>().ToArray(), matrices[1].Values);
        Assert.Equal(Toeplitz.Score(dense.SpatialMatrices()[0]), matrices[0].Score, 1e-6);

        using var toeplitz = new GmlpTextEncoder(new GmlpTextOptions { Vocabulary = 5, MaxLength = 6, DModel = 4, DFfn = 8, Layers = 1, SpatialHeads = 2 }, seed: 1);
        ModelWeights.Save(toeplitz, folder.File("toeplitz.safetensors"));
        matrices = StoredSpatialMatrix.Read(folder.File("toeplitz.safetensors"));
        Assert.Equal(2, matrices.Count);
        Assert.All(matrices, m => Assert.Equal(1, m.Score, 1e-6));
        Assert.Equal(36, matrices[0].Values.Count);

        // A checkpoint of a training: moments have the names of what they are moments of.
        SafetensorsFile.Write(folder.File("last.safetensors"), [new("blocks.0.mlp_channels.gate.proj.weight", torch.eye(4)), new("optimizer.firstMoment.blocks.0.mlp_channels.gate.proj.weight", torch.zeros(4, 4))]);
        Assert.Equal("blocks.0.mlp_channels.gate.proj.weight", Assert.Single(StoredSpatialMatrix.Read(folder.File("last.safetensors"))).Name);

        using var other = torch.nn.Linear(2, 2);
        ModelWeights.Save(other, folder.File("other.safetensors"));
        Assert.Throws<CheckpointException>(() => StoredSpatialMatrix.Read(folder.File("other.safetensors")));
    }
}
