namespace Espalier.Tests.Concurrency;

/// <summary>Tests of time or memory that anything beside them would spoil; they run last, each by itself.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
