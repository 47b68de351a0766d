using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Files;

namespace Espalier.Language.Tokenizers;

/// <summary>Tokenizers as JSON files.</summary>
internal static class TokenizerFile
{
    /// <summary>The name of the file in a run's folder.</summary>
    public const string Name = "tokenizer.json";

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,

        // Vocabularies are read by people; nothing here ends up in a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    public static string Serialize(Tokenizer tokenizer) => JsonSerializer.Serialize(tokenizer.Content, Options) + "\n";

    public static Tokenizer Load(string path)
    {
        try
        {
            TokenizerContent content = StrictJson.ReadFile<TokenizerContent>(path, Options);
            if (content.Format != TokenizerContent.CurrentFormat)
                throw new DataException(path, $"is of format '{content.Format}'", $"this version reads '{TokenizerContent.CurrentFormat}'");
            return Make(content, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, "cannot be read", error.Message, error);
        }
        catch (JsonException error)
        {
            throw new DataException(path, $"is no tokenizer ({error.Message})", "give the tokenizer.json of a run", error);
        }
    }

    private static Tokenizer Make(TokenizerContent content, string path) => content switch
    {
        { Kind: TokenizerKind.Character, Characters: { } characters } => new CharacterTokenizer(characters, content.Specials),
        { Kind: TokenizerKind.Byte } => new ByteTokenizer(content.Specials),
        { Kind: TokenizerKind.Word, Words: { } words } => new WordTokenizer(words, content.Specials, content.Split ?? WordSplit.Whitespace, content.LowerCase ?? false),
        { Kind: TokenizerKind.BytePair, Merges: { } merges } => new BytePairTokenizer(Pairs(merges, path), content.Specials),
        { Kind: TokenizerKind.File, Imported: { } format, FileContent: { } file } => new ImportedTokenizer(format, file, path, content.Specials),
        _ => throw new DataException(path, $"lacks the vocabulary of its kind, {content.Kind}", "give the tokenizer.json of a run, unchanged"),
    };

    private static IEnumerable<(int Left, int Right)> Pairs(IReadOnlyList<int> merges, string path) => merges.Count % 2 == 0
        ? merges.Chunk(2).Select(p => (p[0], p[1]))
        : throw new DataException(path, "holds half a merge", "give the tokenizer.json of a run, unchanged");
}
