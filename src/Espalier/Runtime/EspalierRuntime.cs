namespace Espalier.Runtime;

/// <summary>Settings of the process that make training and attacks faster. Referencing a package changes nothing: a program asks for them.</summary>
public static class EspalierRuntime
{
    private static int s_done;

    /// <summary>
    /// Lets idle OpenMP threads sleep, lets the C library keep freed memory, and has oneMKL take its fast kernels on processors that are not Intel's. A
    /// user's own settings win; what does not apply to this system is left out. Call it first, before the first tensor; further calls do nothing.
    /// </summary>
    /// <example><code>EspalierRuntime.Tune();</code></example>
    public static void Tune()
    {
        if (Interlocked.Exchange(ref s_done, 1) != 0)
            return;
        OpenMp.LetIdleThreadsSleep();
        NativeHeap.KeepFreedMemory();
        MathKernels.ChooseWhenLoaded();
    }
}
