namespace Espalier.Networks.Text;

/// <summary>How a classifier of texts makes one vector of its tokens'.</summary>
public enum SequencePooling
{
    /// <summary>tanh(dense(h_CLS)) of the first token, as BERT does.</summary>
    FirstToken,

    /// <summary>The mean over the real tokens.</summary>
    MaskedMean,

    /// <summary>The last real token, for networks that read in one direction.</summary>
    LastToken,
}
