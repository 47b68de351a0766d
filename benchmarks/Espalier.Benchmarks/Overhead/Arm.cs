namespace Espalier.Benchmarks.Overhead;

/// <summary>What is compared.</summary>
public enum Arm
{
    /// <summary><c>Trainer.Fit</c> with a progress callback.</summary>
    Trainer,

    /// <summary>The same, with every step written to the metric log (JSON lines and TensorBoard events).</summary>
    TrainerWithLog,

    /// <summary>The smallest loop with the trainer's arithmetic.</summary>
    FlatLoop,

    /// <summary>The loop as one writes it with TorchSharp.</summary>
    OrdinaryLoop,
}
