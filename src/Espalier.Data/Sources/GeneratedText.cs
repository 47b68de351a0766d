using Espalier.Data.Catalog;
using Espalier.Data.Text;

namespace Espalier.Data.Sources;

/// <summary>Sentences of <see cref="SentenceGrammar"/>, cut at random.</summary>
internal sealed class GeneratedText(DatasetInfo info) : DatasetSource(info), ITextSource
{
    public LoadedText LoadText(DataFolders folders, DataOptions options)
    {
        TextDocuments all = SentenceGrammar.Generate(options.Generated.Samples, options.Generated.Seed);
        TextDocuments[] parts = TextSplit.AtRandom(all, [1 - options.ValidationFraction - options.TestFraction, options.ValidationFraction, options.TestFraction], options.SplitSeed);
        return new LoadedText(Info, parts[0], parts[1], parts[2], Info.ClassNames, NoChecksums);
    }
}
