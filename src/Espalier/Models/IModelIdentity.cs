namespace Espalier.Models;

/// <summary>A model that can be told from others: what was fitted on one is useless, and dangerous, on another.</summary>
public interface IModelIdentity
{
    /// <summary>SHA-256 of the weights with their names and shapes, or of the model's file: 64 hexadecimal digits.</summary>
    string Checksum { get; }
}
