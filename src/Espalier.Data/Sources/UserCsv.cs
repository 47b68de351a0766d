using Espalier.Data.Catalog;
using Espalier.Data.Tables;

namespace Espalier.Data.Sources;

/// <summary>A CSV file of the user's.</summary>
internal sealed class UserCsv(DatasetInfo info) : UserSource(info)
{
    protected override SourceData Load(string path, DataOptions options)
    {
        Dictionary<string, string> checksums = NoChecksums;
        TabularData table = CsvTable.ReadDoubles(Read(path, checksums), path, Path.GetFileNameWithoutExtension(path), options.Csv, schema: null);
        return new SourceData(table.Data, null, checksums) { Schema = table.Schema, LeftOut = table.LeftOut.Count, Warnings = table.Warnings };
    }
}
