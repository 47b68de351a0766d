using System.Globalization;
using Espalier.Data.Catalog;
using Spectre.Console;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier data list</c>: the data sets that have names.</summary>
internal sealed class DataListCommand : EspalierCommand<GlobalSettings>
{
    protected override int Execute(GlobalSettings settings, Session session)
    {
        DataCatalog catalog = DataCatalog.Default;
        Table table = new Table().Border(TableBorder.Simple).AddColumns("data set", "what it is", "origin", "samples", "classes", "here");
        foreach (DatasetInfo info in catalog.Entries)
        {
            bool available = catalog.IsAvailable(info, out string _);
            table.AddRow(Markup.Escape(info.Name), Markup.Escape(info.Title), info.Origin.ToString().ToLowerInvariant(),
                info.SampleCount?.ToString("N0", CultureInfo.InvariantCulture) ?? "", info.ClassCount > 0 ? info.ClassCount.ToString(CultureInfo.InvariantCulture) : "", available ? "yes" : "no");
        }

        session.Terminal.Show(table);
        session.Terminal.Result(catalog.Entries.Select(e => new { e.Name, e.Title, e.Origin, e.SampleCount, e.ClassCount, Available = catalog.IsAvailable(e, out string _) }));
        return Done;
    }
}
