[assembly: CollectionBehavior(CollectionBehavior.CollectionPerAssembly)]

namespace Espalier.Tests.Concurrency;

/// <summary>
/// Tests that wait for programs of their own, and some that compute without libtorch: they run, one after the other, beside all
/// others, which share one libtorch with one default random generator, and one console. So these may read files and compare numbers,
/// but must not train, make modules, draw numbers from libtorch or capture the console; <see cref="ConcurrencyTests"/> looks after it.
/// </summary>
[CollectionDefinition(Name)]
public sealed class Beside
{
    public const string Name = "beside the others";
}
