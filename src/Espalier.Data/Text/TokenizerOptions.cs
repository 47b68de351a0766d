using Espalier.Errors;

namespace Espalier.Data.Text;

/// <summary>How text becomes tokens.</summary>
public sealed record TokenizerOptions
{
    /// <summary>What a token is.</summary>
    public TokenizerKind Kind { get; init; }

    /// <summary>For byte pairs and words: the largest number of tokens, special ones left out; byte pairs need at least 256.</summary>
    public int VocabularySize { get; init; } = 32_000;

    /// <summary>For words: how often a word of the training text must occur to be a token, at least 1.</summary>
    public int MinimumCount { get; init; } = 1;

    /// <summary>For words: where a word ends.</summary>
    public WordSplit Split { get; init; }

    /// <summary>For words: whether upper case counts as lower case.</summary>
    public bool LowerCase { get; init; }

    /// <summary>The special tokens, behind the others in the order of their names here; those that the task needs where null.</summary>
    public IReadOnlyList<SpecialToken>? Specials { get; init; }

    /// <summary>
    /// For <c>file</c>: a <c>tokenizer.json</c> of a run or the run's folder, <c>vocab.txt</c> of BERT, <c>*.tiktoken</c> of GPT, or
    /// <c>*.model</c> of SentencePiece.
    /// </summary>
    public string? Path { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(VocabularySize >= (Kind == TokenizerKind.BytePair ? 256 : 1), nameof(VocabularySize), VocabularySize, Kind == TokenizerKind.BytePair ? "must be at least 256: each byte is a token" : "must be at least 1");
        OptionsException.Require(MinimumCount >= 1, nameof(MinimumCount), MinimumCount, "must be at least 1");
        OptionsException.Require(Kind == TokenizerKind.File == Path is { Length: > 0 }, nameof(Path), Path, "must be given for kind file, and for no other");
        OptionsException.Require(Specials is null || Kind != TokenizerKind.File, nameof(Specials), "set", "must be left out for kind file: the file says them");
    }
}
