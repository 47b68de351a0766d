namespace Espalier.Training.Loop;

/// <summary>What a <see cref="Duration"/> is counted in.</summary>
public enum DurationUnit
{
    /// <summary>Training samples seen: the clock that a change of batch size leaves alone.</summary>
    Samples,

    /// <summary>Optimizer steps of the <em>base</em> batch size; at another batch size they cover the same samples.</summary>
    Steps,

    /// <summary>Passes over the training data.</summary>
    Epochs,
}
