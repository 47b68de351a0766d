using Espalier.Errors;

namespace Espalier.Data.Text;

/// <summary>How text is cut into samples.</summary>
public sealed record TextOptions
{
    /// <summary>For a table of one's own: the header of the column with the text; the first column where null.</summary>
    public string? Column { get; init; }

    /// <summary>For a table of one's own: the header of the column with the class; no classes where null.</summary>
    public string? LabelColumn { get; init; }

    /// <summary>What a sample is; documents where they have classes and windows elsewhere, where null.</summary>
    public TextLayout? Layout { get; init; }

    /// <summary>Tokens of a sample as the model sees it, at least 2.</summary>
    public int Length { get; init; } = 128;

    /// <summary>Tokens from one training window to the next, at least 1; at 1 a window begins at every token. Windows of the other parts never overlap.</summary>
    public int Stride { get; init; } = 1;

    /// <summary>Validation and test take the first so many windows of their part; all where null.</summary>
    public int? EvaluationWindows { get; init; }

    /// <summary>Where the padding of a short document stands.</summary>
    public PaddingSide Padding { get; init; }

    /// <summary>What stands around a document.</summary>
    public TextFraming Framing { get; init; }

    /// <summary>How text becomes tokens.</summary>
    public TokenizerOptions Tokenizer { get; init; } = new();

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Length >= 2, nameof(Length), Length, "must be at least 2");
        OptionsException.Require(Stride >= 1, nameof(Stride), Stride, "must be at least 1");
        OptionsException.Require(EvaluationWindows is null or >= 1, nameof(EvaluationWindows), EvaluationWindows, "must be at least 1");
        OptionsException.Require(Framing == TextFraming.None || Layout != TextLayout.Windows, nameof(Framing), Framing, "belongs to documents: windows are cut anywhere");
        OptionsException.Within("tokenizer", Tokenizer.Validate);
    }
}
