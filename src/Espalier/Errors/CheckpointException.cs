namespace Espalier.Errors;

/// <summary>A weights file cannot be used: truncated, of another format, or of another model.</summary>
public sealed class CheckpointException : EspalierException
{
    /// <summary>Creates the error.</summary>
    /// <param name="path">The file.</param>
    /// <param name="problem">What is wrong, naming the tensor where there is one.</param>
    /// <param name="remedy">How to mend it.</param>
    /// <param name="inner">What it was caused by.</param>
    public CheckpointException(string path, string problem, string remedy, Exception? inner = null)
        : base($"{path}: {problem}", remedy, inner) => Path = path;

    /// <summary>The file.</summary>
    public string Path { get; }
}
