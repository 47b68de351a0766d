namespace Espalier.Tests.Models.Endpoints;

/// <summary>A clock that stands still but for waits, which it leaps over at once.</summary>
internal sealed class LeapingClock : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<TimeSpan> _waits = [];
    private TimeSpan _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Every wait, in the order in which it began.</summary>
    public IReadOnlyList<TimeSpan> Waits => _waits;

    /// <summary>What has passed since the beginning.</summary>
    public TimeSpan Now => _now;

    public override long GetTimestamp()
    {
        lock (_lock)
            return _now.Ticks;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (_lock)
        {
            _waits.Add(dueTime);
            _now += dueTime;
        }

        return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }
}
