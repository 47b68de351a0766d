using System.Runtime.CompilerServices;

namespace Espalier.Runtime;

/// <summary>What must be set before libtorch loads and allocates.</summary>
internal static class ModuleInitialization
{
#pragma warning disable CA2255 // A module initializer is the one place that surely runs before the first tensor.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Initialize()
    {
        OpenMp.LetIdleThreadsSleep();
        NativeHeap.KeepFreedMemory();
        MathKernels.ChooseWhenLoaded();
    }
}
