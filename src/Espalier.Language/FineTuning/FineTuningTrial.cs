namespace Espalier.Language.FineTuning;

/// <summary>One training of a fine-tuning.</summary>
/// <param name="LearningRate">Its peak learning rate.</param>
/// <param name="BatchSize">Its batch size.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Validation">The deciding number on the validation data.</param>
/// <param name="Test">The same on the test data; null where the test was not looked at.</param>
/// <param name="Seconds">Time in training steps.</param>
public sealed record FineTuningTrial(double LearningRate, int BatchSize, int Seed, double Validation, double? Test, double Seconds);
