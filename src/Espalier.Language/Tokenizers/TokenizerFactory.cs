using Espalier.Data.Text;
using Espalier.Errors;

namespace Espalier.Language.Tokenizers;

/// <summary>Makes the tokenizer that options describe.</summary>
public static class TokenizerFactory
{
    /// <summary>Trains a tokenizer on texts, or reads one from a file.</summary>
    /// <param name="options">Which.</param>
    /// <param name="texts">The training texts; nothing else must be seen.</param>
    /// <param name="needed">The special tokens that the task needs, where the options say none.</param>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    /// <exception cref="DataException">The texts are empty, or the file is missing or bad.</exception>
    public static Tokenizer Create(TokenizerOptions options, IEnumerable<string> texts, IEnumerable<SpecialToken> needed)
    {
        options.Validate();
        IEnumerable<SpecialToken> specials = options.Specials ?? needed;
        return options.Kind switch
        {
            TokenizerKind.Character => CharacterTokenizer.Train(texts, specials),
            TokenizerKind.Byte => new ByteTokenizer(specials),
            TokenizerKind.Word => WordTokenizer.Train(texts, options, specials),
            TokenizerKind.BytePair => BytePairTokenizer.Train(texts, options.VocabularySize, specials),
            _ => Read(options.Path!, needed),
        };
    }

    /// <summary>The path of the tokenizer of a saved run.</summary>
    /// <param name="run">The run's folder.</param>
    public static string PathIn(string run) => Path.Combine(run, TokenizerFile.Name);

    private static Tokenizer Read(string path, IEnumerable<SpecialToken> needed)
    {
        string file = Directory.Exists(path) ? PathIn(path) : path;
        return Path.GetExtension(file) == ".json" ? Tokenizer.Load(file) : ImportedTokenizer.Read(file, needed);
    }
}
