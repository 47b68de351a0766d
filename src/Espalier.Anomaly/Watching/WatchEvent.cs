using System.Text.Json.Serialization;
using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Drift;

namespace Espalier.Anomaly.Watching;

/// <summary>One line of what a watcher says.</summary>
/// <param name="Type"><c>decision</c>, <c>alarm</c>, <c>drift</c>, <c>malformed</c> or <c>duplicate</c>.</param>
/// <param name="Index">Of the record among all of the stream, from 1; an alarm has its record's, and a test for drift that of its window's last one.</param>
/// <param name="Id">The record.</param>
/// <param name="Time">When.</param>
public sealed record WatchEvent(string Type, long Index, string Id, DateTimeOffset Time)
{
    /// <summary>The record's score: higher is more anomalous.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Score { get; init; }

    /// <summary>Share of ordinary scores at or above it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? PValue { get; init; }

    /// <summary>Whether it is above the threshold.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Anomalous { get; init; }

    /// <summary>Where the statistic of the stream stands.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Statistic { get; init; }

    /// <summary>The alarm.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Alarm? Alarm { get; init; }

    /// <summary>What the test of a full window of scores says.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FeatureDrift? Drift { get; init; }

    /// <summary>What is wrong with the record.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Problem { get; init; }
}
