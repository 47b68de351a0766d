using System.Diagnostics;
using System.Reflection;

namespace Espalier.Tests.Natives;

public sealed class DebuggableAssemblyTests
{
    [Fact]
    public void The_arguments_of_TorchSharp_in_the_output_folder_are_kept_alive() =>
        Assert.True(typeof(torch).Assembly.GetCustomAttribute<DebuggableAttribute>()!.IsJITOptimizerDisabled);

    [Fact]
    public void What_the_program_checks_at_its_start_is_what_the_build_did()
    {
        Assert.True(Espalier.Runtime.NativeArguments.AreKept);
        DebuggableAssembly.RequireKnown(typeof(torch).Assembly.GetName().Version!);
        Assert.Throws<InvalidDataException>(() => DebuggableAssembly.RequireKnown(new Version(0, 108, 0, 0)));
    }

    /// <summary>Without the build step this throws a few times: a Scalar is freed while the native call reads it.</summary>
    [Fact]
    public void Scalars_survive_collections_during_native_calls()
    {
        bool stop = false;
        var collector = new Thread(() =>
        {
            // A pause between collections, or the other thread never gets its turn.
            while (!Volatile.Read(ref stop))
            {
                GC.Collect(0);
                Thread.SpinWait(1000);
            }
        });
        collector.Start();
        using Tensor x = torch.zeros(4);
        int wrong = 0;
        try
        {
            // Bounded by time: how many additions fit between the collections depends on the machine.
            Stopwatch clock = Stopwatch.StartNew();
            for (int i = 0; clock.Elapsed < TimeSpan.FromSeconds(4); i = (i + 1) % 1000)
            {
                using Tensor y = x + i;
                if (y.data<float>()[0] != i)
                    wrong++;
            }
        }
        finally
        {
            Volatile.Write(ref stop, true);
            collector.Join();
        }

        Assert.Equal(0, wrong);
    }

    [Fact]
    public void A_release_assembly_is_changed_once_and_one_that_is_not_is_left_alone()
    {
        string copy = Path.Combine(Path.GetTempPath(), $"debuggable-{Guid.NewGuid():n}.dll");
        byte[] image = [.. new byte[100], 8, 1, 0, 2, 0, 0, 0, 0, 0, .. new byte[50]];
        try
        {
            File.WriteAllBytes(copy, image);
            Assert.True(DebuggableAssembly.DisableOptimizations(copy));
            byte[] changed = File.ReadAllBytes(copy);
            int modes = BitConverter.ToInt32(changed, 103);
            Assert.Equal(
                DebuggableAttribute.DebuggingModes.Default | DebuggableAttribute.DebuggingModes.IgnoreSymbolStoreSequencePoints | DebuggableAttribute.DebuggingModes.DisableOptimizations,
                (DebuggableAttribute.DebuggingModes)modes);
            Assert.False(DebuggableAssembly.DisableOptimizations(copy));
            Assert.Equal(changed, File.ReadAllBytes(copy));

            // Two candidates: which one is meant cannot be told.
            File.WriteAllBytes(copy, [.. image, .. image]);
            Assert.Throws<InvalidDataException>(() => DebuggableAssembly.DisableOptimizations(copy));

            // Another build, of which nothing is known.
            File.WriteAllBytes(copy, [.. new byte[100], 8, 1, 0, 7, 1, 0, 0, 0, 0, .. new byte[50]]);
            Assert.Throws<InvalidDataException>(() => DebuggableAssembly.DisableOptimizations(copy));
        }
        finally
        {
            File.Delete(copy);
        }
    }
}
