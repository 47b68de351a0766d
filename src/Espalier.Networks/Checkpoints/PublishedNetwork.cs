using Espalier.Errors;
using Espalier.Networks.Text;

namespace Espalier.Networks.Checkpoints;

/// <summary>Makes the network that a file of published weights fits: what its name leaves open is read off the file's shapes.</summary>
public static class PublishedNetwork
{
    /// <summary>Makes a network, with fresh weights.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Which network.</param>
    /// <param name="layout">Whose names the file uses.</param>
    /// <param name="inputShape">For images: shape of one, [channels, height, width].</param>
    /// <param name="classes">Number of classes; the file's where null.</param>
    /// <param name="maxLength">For text: the longest input; the file's where null.</param>
    /// <param name="seed">Of the fresh weights.</param>
    /// <returns>For images the network with its head, for text the one that the file has a head for, or the bare encoder; the caller's.</returns>
    /// <exception cref="CheckpointException">The file is damaged, or does not show what is left open.</exception>
    public static torch.nn.Module Create(string path, ModelOptions options, CheckpointLayout layout, IReadOnlyList<long> inputShape, int? classes = null, int? maxLength = null, int seed = 0)
    {
        WeightsFile file = WeightsFile.Open(path);
        if (!ModelZoo.IsText(options.Name))
            return ModelZoo.Create(options, inputShape, classes ?? Size(file, path, "the number of classes", 0, "head.weight", "fc.weight", "classifier.weight"), seed);
        int vocabulary = Size(file, path, "the vocabulary", 0, "word_embeddings.weight", "to_embed.weight", "embed.weight");
        int length = maxLength ?? Length(file, path);
        bool hasPooler = file.Names.Any(n => n.Contains("pooler.dense", StringComparison.Ordinal));
        TextEncoder encoder = ModelZoo.CreateText(options with { Bert = options.Bert with { Pooler = hasPooler } }, vocabulary, length, new TextTokens(), seed);
        if (layout == CheckpointLayout.LucidrainsGmlpText)
            return encoder.Causal ? new CausalLanguageModel(encoder, tied: false, seed) : new MaskedLanguageModel(encoder, seed: seed, tied: false);
        if (file.Names.Any(n => n.StartsWith("cls.predictions.", StringComparison.Ordinal)))
            return new MaskedLanguageModel(encoder, file.Names.Any(n => n.StartsWith("cls.predictions.transform.", StringComparison.Ordinal)) ? MlmHead.BertTransform : MlmHead.Plain, seed);
        if (file.Names.Any(n => n.StartsWith("qa_outputs.", StringComparison.Ordinal)))
            return new QuestionAnswering(encoder, seed);
        if (classes is not null || file.Names.Contains("classifier.weight"))
            return new SequenceClassifier(encoder, classes ?? Size(file, path, "the number of classes", 0, "classifier.weight"), seed: seed);
        return file.Names.Contains("head.bias") && encoder.Causal ? new CausalLanguageModel(encoder) : encoder;
    }

    private static int Length(WeightsFile file, string path)
    {
        // A Toeplitz matrix has 2n - 1 diagonals; lucidrains' matrices are [heads, n, n].
        if (file.Names.FirstOrDefault(n => n.EndsWith("gate.proj.weight", StringComparison.Ordinal) && file.ShapeOf(n).Count == 1) is { } diagonals)
            return checked((int)((file.ShapeOf(diagonals)[0] + 1) / 2));
        return file.Names.FirstOrDefault(n => n.EndsWith("sgu.weight", StringComparison.Ordinal)) is { } matrices && file.ShapeOf(matrices) is [.., var tokens]
            ? checked((int)tokens)
            : Size(file, path, "the longest input", 0, "position_embeddings.weight", "pos_embed.weight", "gate.proj.bias");
    }

    private static int Size(WeightsFile file, string path, string what, int dimension, params string[] endings)
    {
        foreach (string ending in endings)
        {
            if (file.Names.FirstOrDefault(n => n == ending || n.EndsWith("." + ending, StringComparison.Ordinal)) is { } name && file.ShapeOf(name).Count > dimension)
                return checked((int)file.ShapeOf(name)[dimension]);
        }

        throw new CheckpointException(path, $"does not show {what}", $"it has no tensor {string.Join(" or ", endings.Select(e => $"'{e}'"))}: give the value, or the right layout");
    }
}
