namespace Espalier.Training.Loop;

/// <summary>How a training uses torch's default generator, of which a process has one.</summary>
internal enum GeneratorUse
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Alone while a micro-batch is computed; other trainings of the process wait.</summary>
    Exclusive,

    /// <summary>Beside whatever else draws: ranks wait for each other inside a micro-batch, so that none may hold the generator.</summary>
    Shared,
}
