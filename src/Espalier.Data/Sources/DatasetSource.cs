using Espalier.Data.Catalog;
using Espalier.Data.Tables;

namespace Espalier.Data.Sources;

/// <summary>An entry of the catalogue: what is known about a data set, and how it is read.</summary>
internal abstract class DatasetSource(DatasetInfo info)
{
    public DatasetInfo Info { get; } = info;

    /// <summary>Why the data set cannot be loaded now, and how to mend that; null where it can.</summary>
    public virtual (string Problem, string Remedy)? Missing(DataFolders folders) => null;

    /// <summary>Reads the samples; what is no <see cref="ITextSource"/> overrides it.</summary>
    public virtual SourceData Load(DataFolders folders, DataOptions options) => throw new InvalidOperationException($"{Info.Name} is loaded as text");

    /// <summary>Reads a table uncut, in double precision.</summary>
    public virtual NumericTable LoadTable(DataFolders folders)
    {
        SourceData read = Load(folders, new DataOptions { Name = Info.Name });
        using Dataset pool = read.Pool;
        using var scope = torch.NewDisposeScope();
        LabelledBatch all = pool.All();
        TabularSchema schema = read.Schema ?? throw new InvalidOperationException($"{Info.Name} is no table");
        double[,] rows = new double[pool.Count, schema.FeatureCount];
        double[] values = [.. all.Inputs.cpu().to(torch.float64).flatten().data<double>()];
        values.CopyTo(System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref rows[0, 0], values.Length));
        return NumericTable.Of(Info.Name, rows, schema, [.. pool.LabelArray().Select(l => pool.ClassNames[(int)l])]);
    }

    protected static Dictionary<string, string> NoChecksums => [];
}
