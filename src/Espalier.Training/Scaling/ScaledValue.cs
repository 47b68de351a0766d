namespace Espalier.Training.Scaling;

/// <summary>One value that a change of batch size changes.</summary>
/// <param name="Name">Its option name.</param>
/// <param name="Base">At the base batch.</param>
/// <param name="Scaled">At the batch in use.</param>
/// <param name="Reason">Why.</param>
public sealed record ScaledValue(string Name, double Base, double Scaled, string Reason);
