using Espalier.Data.Catalog;
using Espalier.Data.Text;

namespace Espalier.Data.Sources;

/// <summary>An entry of the catalogue that is text.</summary>
internal interface ITextSource
{
    LoadedText LoadText(DataFolders folders, DataOptions options);
}
