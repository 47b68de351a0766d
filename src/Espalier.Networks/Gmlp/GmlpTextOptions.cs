using Espalier.Errors;

namespace Espalier.Networks.Gmlp;

/// <summary>
/// The shape of a <see cref="GmlpTextEncoder"/>. The defaults are gMLP-base of Liu et al., "Pay Attention to MLPs" (NeurIPS
/// 2021, arXiv:2105.08050), Table 5.
/// </summary>
public sealed record GmlpTextOptions : GmlpOptions
{
    /// <summary>gMLP-base: 48 blocks of 512 channels, 3,072 inside.</summary>
    public GmlpTextOptions()
    {
        (DModel, DFfn, Layers) = (512, 3072, 48);
        SpatialForm = SpatialForm.Toeplitz;
        BlockNormEps = 1e-5;
    }

    /// <summary>Size V of the vocabulary; null takes the tokenizer's.</summary>
    public int? Vocabulary { get; init; }

    /// <summary>Number n of tokens that the spatial matrices are made for; null takes the data's.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Kinds of segments that an embedding tells apart, for pairs of sentences; 0 is no such embedding.</summary>
    public int Segments { get; init; }

    /// <summary>How padding is treated.</summary>
    public PadHandling Padding { get; init; }

    /// <summary>Probability that a value of an embedding or of a block's branch is zeroed in training, in [0, 1).</summary>
    public double Dropout { get; init; }

    /// <summary>
    /// How far the channels of a block's normalised input are shifted along the tokens (lucidrains/g-mlp-pytorch, <c>shift_tokens</c>): in 2s + 1
    /// equal parts by -s to s tokens, in a causal model in s + 1 parts by 0 to s. 0, the default, is no shift, as in the paper.
    /// </summary>
    public int TokenShift { get; init; }

    /// <summary>Checks what can be checked without the data.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        AtLeastOne(Vocabulary, nameof(Vocabulary));
        AtLeastOne(MaxLength, nameof(MaxLength));
        OptionsException.Require(Segments >= 0, nameof(Segments), Segments, "must not be negative");
        OptionsException.Require(TokenShift >= 0, nameof(TokenShift), TokenShift, "must not be negative");
        OptionsException.Require(DModel >= ShiftedParts, nameof(TokenShift), TokenShift, $"makes {ShiftedParts} parts of {DModel} channels: it must be smaller");
        OptionsException.Require(Dropout is >= 0 and < 1, nameof(Dropout), Dropout, "must lie in [0, 1)");
        OptionsException.Require(!Causal || Padding == PadHandling.None, nameof(Padding), Padding, "must be none in a causal model: there a token never looks at the pads after it");
        ValidateBlocks();
    }

    private int ShiftedParts => (Causal ? TokenShift : 2 * TokenShift) + 1;
}
