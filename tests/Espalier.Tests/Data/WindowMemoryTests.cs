using System.Diagnostics;
using Espalier.Data;
using Espalier.Tests.Concurrency;

namespace Espalier.Tests.Data;

[Collection(Alone.Name)]
public sealed class WindowMemoryTests
{
    [Fact]
    public void Overlapping_windows_cost_no_memory()
    {
        using var process = Process.GetCurrentProcess();
        long before = process.WorkingSet64;
        // Copied, these windows would be a gigabyte.
        using Dataset data = Dataset.Windows("text", torch.zeros(1_000_000, dtype: torch.int64), length: 128, stride: 1);
        using LabelledBatch batch = data.Gather([0, data.Count - 1]);
        process.Refresh();
        Assert.Equal(999_873, data.Count);
        Assert.True(process.WorkingSet64 - before < 200_000_000);
    }
}
