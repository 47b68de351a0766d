using System.Globalization;
using Espalier.Data.Catalog;
using Spectre.Console;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier data info</c>: source, licence, shape, files and whether the data is here.</summary>
internal sealed class DataInfoCommand : EspalierCommand<DataSettings>
{
    protected override int Execute(DataSettings settings, Session session)
    {
        DatasetInfo info = DataCatalog.Default.Find(settings.Name);
        bool available = DataCatalog.Default.IsAvailable(info, out string reason);
        Grid grid = new Grid().AddColumn().AddColumn();
        void Row(string name, string value) => grid.AddRow(Markup.Escape(name), Markup.Escape(value));
        Row("name", info.Name);
        Row("title", info.Title);
        Row("origin", info.Origin.ToString().ToLowerInvariant());
        Row("licence", info.Licence);
        Row("source", info.Source);
        if (info.InputShape.Count > 0)
            Row("input shape", $"[{string.Join(", ", info.InputShape)}]");
        if (info.SampleCount is { } count)
            Row("samples", count.ToString("N0", CultureInfo.InvariantCulture));
        if (info.ClassNames.Count > 0)
            Row("classes", string.Join(", ", info.ClassNames));
        foreach (DatasetFile file in info.Files)
            Row(file.Name, $"sha256 {file.Sha256}");
        Row("here", available ? "yes" : reason);
        session.Terminal.Show(grid);
        session.Terminal.Result(new { info, Available = available, Reason = available ? null : reason });
        return Done;
    }
}
