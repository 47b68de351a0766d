using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Espalier.Tests.Reports;

/// <summary>Reads the HTML that reports are made of with an XML parser, which forgives nothing.</summary>
internal static partial class Markup
{
    /// <summary>The elements of a fragment under a root of its own.</summary>
    public static XElement Parse(string html)
    {
        string xml = Doctype().Replace(html, "").Replace("&nbsp;", "&#160;", StringComparison.Ordinal);
        return XElement.Parse($"<root>{VoidTag().Replace(xml, "<$1$2/>")}</root>");
    }

    [GeneratedRegex("<!doctype[^>]*>", RegexOptions.IgnoreCase)]
    private static partial Regex Doctype();

    [GeneratedRegex("<(meta|img|br|hr)((?: [^>]*?)?)/?>")]
    private static partial Regex VoidTag();
}
