using System.Runtime.CompilerServices;
using Espalier.Runtime;
using Espalier.Tests.Distributed;

namespace Espalier.Tests.Concurrency;

/// <summary>One thread for libtorch: the tensors of tests are small, and another core has the tests beside them.</summary>
internal static class TorchThreads
{
#pragma warning disable CA2255 // The runner's Main is generated; this is the way in before it.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Limit()
    {
        EspalierRuntime.Tune();

        // What mpiexec starts as a rank sees to itself.
        if (Environment.GetEnvironmentVariable(RankScenario.Variable) is null)
            torch.set_num_threads(1);
    }
}
