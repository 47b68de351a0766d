using System.Diagnostics;

namespace Espalier.Robustness.Attacks.Execution;

/// <summary>Counts what one stage of an attack does to a batch.</summary>
internal sealed class StageMeter(string name)
{
    private readonly Stopwatch _watch = new();

    public int Fooled { get; set; }

    public long Gradients { get; set; }

    public long Queries { get; set; }

    public AttackStageTally Tally => new(name, Fooled, Gradients, Queries, _watch.Elapsed.TotalSeconds);

    public void Start() => _watch.Start();

    public void Stop() => _watch.Stop();
}
