using System.Reflection;
using Espalier.Data.Catalog;
using Espalier.Data.Tables;
using Espalier.Errors;

namespace Espalier.Data.Sources;

/// <summary>A small table within the assembly, read by the same reader as a user's CSV file.</summary>
internal sealed class EmbeddedTable(DatasetInfo info) : DatasetSource(info)
{
    public override SourceData Load(DataFolders folders, DataOptions options)
    {
        DatasetFile file = Info.Files[0];
        byte[] content = DatasetFile.Uncompressed(Resource($"Espalier.Data.{file.Name}.gz"), file.Name);
        file.Verify(content, file.Name);
        var checksums = new Dictionary<string, string> { [file.Name] = file.Sha256 };
        TabularData table = CsvTable.ReadDoubles(content, file.Name, Info.Name, new CsvOptions { Target = "class" }, schema: null);
        using (table)
        {
            Dataset data = Info.Task == DatasetTask.ImageClassification ? AsImages(table.Data) : Named(table.Data);
            TabularSchema? schema = Info.Task == DatasetTask.ImageClassification ? null : table.Schema with { ClassNames = Info.ClassNames };
            return new SourceData(data, null, checksums) { Schema = schema };
        }
    }

    private Dataset Named(Dataset table)
    {
        using LabelledBatch all = table.All();
        return new Dataset(Info.Name, all.Inputs.clone(), all.Labels.clone(), Info.ClassNames, table.Bounds);
    }

    // The digits count ink in 0..16.
    private Dataset AsImages(Dataset table)
    {
        using LabelledBatch all = table.All();
        using Tensor pixels = all.Inputs.to(torch.uint8);
        return new Dataset(Info.Name, pixels.view([table.Count, .. Info.InputShape]), all.Labels.clone(), Info.ClassNames, scale: 1 / 16.0);
    }

    private static byte[] Resource(string name)
    {
        using Stream resource = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new DataException(name, "is not part of this build", "install the package again");
        using var content = new MemoryStream();
        resource.CopyTo(content);
        return content.ToArray();
    }
}
