using System.Text.Json.Serialization;
using Espalier.Data.Text;

namespace Espalier.Language.Tokenizers;

/// <summary>What a tokenizer's file holds; of the parts below, those of its kind.</summary>
internal sealed record TokenizerContent
{
    public const string CurrentFormat = "espalier-tokenizer-1";

    public string Format { get; init; } = CurrentFormat;

    public TokenizerKind Kind { get; init; }

    public IReadOnlyList<SpecialToken> Specials { get; init; } = [];

    public IReadOnlyList<int>? Characters { get; init; }

    public IReadOnlyList<string>? Words { get; init; }

    public WordSplit? Split { get; init; }

    public bool? LowerCase { get; init; }

    /// <summary>Left and right token of each merge, in order, one after the other.</summary>
    public IReadOnlyList<int>? Merges { get; init; }

    public ImportedFormat? Imported { get; init; }

    /// <summary>The file of an imported tokenizer.</summary>
    [JsonPropertyName("file")]
    public byte[]? FileContent { get; init; }
}
