namespace Espalier.Training.Averages;

/// <summary>How the momentum of a model EMA moves over the training.</summary>
public enum EmaSchedule
{
    /// <summary>Not at all.</summary>
    Constant,

    /// <summary>Cosine to 1: 1-(1-ρ)(cos(πs/S)+1)/2 after s of S samples (BYOL, DINO).</summary>
    CosineToOne,
}
