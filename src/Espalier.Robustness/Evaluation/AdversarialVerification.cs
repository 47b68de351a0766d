namespace Espalier.Robustness.Evaluation;

/// <summary>What a second look at each claimed adversarial input found: alone, not in a batch, and measured anew.</summary>
/// <param name="Claimed">Inputs that the attack said it had fooled the model with.</param>
/// <param name="Confirmed">Those that fool it alone, lie in the ball and the box, and are finite.</param>
/// <param name="EightBitLost">Those that no longer do when rounded to 8 bits; null where that was not asked for.</param>
/// <param name="NotLookedAt">Successes that no query was left for: they count as the attack saw them.</param>
public sealed record AdversarialVerification(int Claimed, int Confirmed, int? EightBitLost = null, int NotLookedAt = 0);
