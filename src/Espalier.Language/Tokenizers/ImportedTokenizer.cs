using System.Text;
using Espalier.Data.Text;
using Espalier.Errors;
using Microsoft.ML.Tokenizers;
using Foreign = Microsoft.ML.Tokenizers.Tokenizer;

namespace Espalier.Language.Tokenizers;

/// <summary>
/// A tokenizer that somebody else trained, by way of Microsoft.ML.Tokenizers. Special tokens that its vocabulary has keep
/// their ids; others that are asked for stand behind it. It saves the whole file, so that a run's folder needs no other.
/// </summary>
public sealed class ImportedTokenizer : Tokenizer
{
    // GPT-2's pattern, and that of cl100k (GPT-3.5 and 4).
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Cl100K = @"'(?i:[sdmt]|ll|ve|re)|(?>[^\r\n\p{L}\p{N}]?)(?>\p{L}+)|(?>\p{N}{1,3})| ?(?>[^\s\p{L}\p{N}]+)(?>[\r\n]*)|\s*[\r\n]|\s+(?!\S)|\s+";
    private const int Cl100KSize = 100_256;

    private static readonly Dictionary<SpecialToken, string[]> Spellings = new()
    {
        [SpecialToken.Pad] = ["[PAD]", "<pad>"],
        [SpecialToken.Unknown] = ["[UNK]", "<unk>"],
        [SpecialToken.Class] = ["[CLS]"],
        [SpecialToken.Separator] = ["[SEP]"],
        [SpecialToken.Mask] = ["[MASK]", "<mask>"],
    };

    private readonly Foreign _foreign;
    private readonly ImportedFormat _format;
    private readonly byte[] _file;
    private readonly SpecialToken[] _added;
    private readonly int _size;

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="format">Whose it is.</param>
    /// <param name="file">The content of the file.</param>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <param name="specials">Special tokens it shall have, if need be behind its own.</param>
    /// <exception cref="DataException">The file is no such tokenizer.</exception>
    public ImportedTokenizer(ImportedFormat format, byte[] file, string source, IEnumerable<SpecialToken>? specials = null)
        : this(format, file, Parse(format, file, source), [.. specials ?? []])
    {
    }

    private ImportedTokenizer(ImportedFormat format, byte[] file, (Foreign Foreign, Dictionary<string, int> Vocabulary) parsed, SpecialToken[] specials)
        : base(Find(parsed.Vocabulary, specials))
    {
        (_format, _file, _foreign) = (format, file, parsed.Foreign);
        int own = parsed.Vocabulary.Values.Max() + 1;
        _added = [.. Specials.Tokens.Where(t => Specials[t] >= own)];
        _size = own + _added.Length;
    }

    /// <inheritdoc/>
    public override int VocabularySize => _size;

    /// <inheritdoc/>
    internal override TokenizerContent Content => new() { Kind = TokenizerKind.File, Specials = _added, Imported = _format, FileContent = _file };

    /// <summary>Reads a file by its name: <c>vocab.txt</c>, <c>*.tiktoken</c> or <c>*.model</c>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="specials">Special tokens it shall have, if need be behind its own.</param>
    /// <exception cref="DataException">The file is missing, of no known name, or no tokenizer.</exception>
    public static ImportedTokenizer Read(string path, IEnumerable<SpecialToken>? specials = null)
    {
        ImportedFormat format = Path.GetExtension(path) switch
        {
            ".tiktoken" => ImportedFormat.Tiktoken,
            ".txt" => ImportedFormat.WordPiece,
            ".model" => ImportedFormat.SentencePiece,
            _ => throw new DataException(path, "is of no known kind", "give a tokenizer.json of a run, BERT's vocab.txt, a *.tiktoken or a *.model file"),
        };
        byte[] content;
        try
        {
            content = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, "cannot be read", error.Message, error);
        }

        return new ImportedTokenizer(format, content, path, specials);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<int> Encode(string text) => _foreign switch
    {
        BertTokenizer bert => bert.EncodeToIds(text, addSpecialTokens: false),
        SentencePieceTokenizer pieces => pieces.EncodeToIds(text, addBeginningOfSentence: false, addEndOfSentence: false),
        _ => _foreign.EncodeToIds(text),
    };

    /// <inheritdoc/>
    public override string Decode(IEnumerable<int> ids) => _foreign.Decode(ids.Where(id => !Specials.Contains(Checked(id)))) ?? "";

    private static SpecialTokens Find(Dictionary<string, int> vocabulary, SpecialToken[] wanted)
    {
        var ids = new Dictionary<SpecialToken, int>();
        foreach ((SpecialToken token, string[] spellings) in Spellings)
        {
            if (spellings.FirstOrDefault(vocabulary.ContainsKey) is { } found)
                ids[token] = vocabulary[found];
        }

        int next = vocabulary.Values.Max() + 1;
        foreach (SpecialToken token in wanted.Distinct().Order().Where(t => !ids.ContainsKey(t)))
            ids[token] = next++;
        return new SpecialTokens(ids);
    }

    private static (Foreign Foreign, Dictionary<string, int> Vocabulary) Parse(ImportedFormat format, byte[] file, string source)
    {
        try
        {
            return format switch
            {
                ImportedFormat.Tiktoken => Tiktoken(file),
                ImportedFormat.WordPiece => WordPiece(file),
                _ => SentencePiece(file),
            };
        }
#pragma warning disable CA1031 // Whatever a parser of foreign files throws at bad ones, the file is what is wrong.
        catch (Exception error) when (error is not OutOfMemoryException)
#pragma warning restore CA1031
        {
            throw new DataException(source, $"is no {format} tokenizer ({error.Message})", "give the file as its maker published it", error);
        }
    }

    private static (Foreign Foreign, Dictionary<string, int> Vocabulary) Tiktoken(byte[] file)
    {
        string[] lines = Encoding.UTF8.GetString(file).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

        // Tokens are bytes, so no special token can be among them; only their number matters here.
        Dictionary<string, int> vocabulary = lines.Select(l => l.Split(' ')).ToDictionary(l => l[0], l => int.Parse(l[1], System.Globalization.CultureInfo.InvariantCulture));
        using var stream = new MemoryStream(file);
        string pattern = lines.Length >= Cl100KSize ? Cl100K : Gpt2;
        return (TiktokenTokenizer.Create(stream, new RegexPreTokenizer(new(pattern), null), null), vocabulary);
    }

    private static (Foreign Foreign, Dictionary<string, int> Vocabulary) WordPiece(byte[] file)
    {
        string[] lines = Encoding.UTF8.GetString(file).Split('\n').Select(l => l.TrimEnd('\r')).ToArray();
        Dictionary<string, int> vocabulary = lines.Select((l, i) => (l, i)).Where(p => p.l.Length > 0).ToDictionary(p => p.l, p => p.i);
        bool isCased = vocabulary.Keys.Any(k => k[0] != '[' && k.Any(char.IsUpper));
        using var stream = new MemoryStream(file);
        return (BertTokenizer.Create(stream, new BertOptions { LowerCaseBeforeTokenization = !isCased }), vocabulary);
    }

    private static (Foreign Foreign, Dictionary<string, int> Vocabulary) SentencePiece(byte[] file)
    {
        using var stream = new MemoryStream(file);
        SentencePieceTokenizer tokenizer = SentencePieceTokenizer.Create(stream, addBeginningOfSentence: false, addEndOfSentence: false);
        return (tokenizer, new Dictionary<string, int>(tokenizer.Vocabulary));
    }
}
