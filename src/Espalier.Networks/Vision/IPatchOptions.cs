using Espalier.Errors;

namespace Espalier.Networks.Vision;

/// <summary>What every network on patches is told: the images, and how they become tokens.</summary>
public interface IPatchOptions : IVisionOptions
{
    /// <summary>Height of a patch in pixels, and its width unless <see cref="PatchWidth"/> says otherwise.</summary>
    int PatchSize { get; }

    /// <summary>Width of a patch in pixels; null is <see cref="PatchSize"/>.</summary>
    int? PatchWidth { get; }

    /// <summary>Channels d of a token.</summary>
    int DModel { get; }

    /// <summary>Number of blocks L.</summary>
    int Layers { get; }

    /// <summary>Checks what can be checked without the data.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    void Validate();
}
