using Espalier.Data;
using Espalier.Data.Tables;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>What outliers shall look like, so that a model takes them.</summary>
public sealed record OutlierRequest
{
    /// <summary>Shape of one input.</summary>
    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>The box of the model's inputs. Stored images, which are in [0, 1], are brought into it feature by feature.</summary>
    public InputBounds Bounds { get; init; } = InputBounds.Unit;

    /// <summary>How many; of stored sets the first so many in the order of the files, or all where there are fewer. All, or as many as <see cref="Inliers"/>, where null.</summary>
    public int? Count { get; init; }

    /// <summary>What is drawn is a function of this seed.</summary>
    public int Seed { get; init; }

    /// <summary>In-distribution data: what some generators change.</summary>
    public Dataset? Inliers { get; init; }

    /// <summary>For tables: what the columns mean.</summary>
    public TabularSchema? Schema { get; init; }

    /// <summary>For tables: how the model's inputs were scaled.</summary>
    public Standardization? Standardization { get; init; }
}
