using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text;
using Espalier.Files;

namespace Espalier.Runs.Reports;

/// <summary>
/// A report as one self-contained page: no script, no font, no picture is loaded from anywhere. It follows the reader's
/// light or dark setting and prints well.
/// </summary>
/// <param name="title">The page's heading.</param>
/// <param name="subtitle">One line below it.</param>
public sealed class HtmlReport(string title, string subtitle)
{
    private readonly StringBuilder _body = new();
    private readonly List<(string Id, string Title)> _sections = [];

    /// <summary>Begins a section.</summary>
    /// <param name="heading">Its heading.</param>
    /// <param name="lead">What it says, in a sentence or two for everybody; plain text.</param>
    public HtmlReport Section(string heading, string? lead = null)
    {
        string id = string.Concat(heading.ToLowerInvariant().Select(c => char.IsLetterOrDigit(c) ? c : '-')).Trim('-');
        if (_sections.Count > 0)
            _body.Append("</section>");
        _sections.Add((id, heading));
        _body.Append(CultureInfo.InvariantCulture, $"<section id=\"{id}\"><h2>{Escape(heading)}</h2>");
        return lead is null ? this : Html($"<p class=\"lead\">{Escape(lead)}</p>");
    }

    /// <summary>A paragraph of plain text.</summary>
    public HtmlReport Paragraph(string text) => Html($"<p>{Escape(text)}</p>");

    /// <summary>A block of HTML made by the charts of this namespace.</summary>
    public HtmlReport Html(string html)
    {
        _body.Append(html);
        return this;
    }

    /// <summary>A picture with a heading and a remark, two of them side by side where the page is wide enough.</summary>
    /// <param name="panels">Heading, HTML and remark of each.</param>
    public HtmlReport Panels(params IEnumerable<(string Heading, string Html, string? Note)> panels)
    {
        _body.Append("<div class=\"panels\">");
        foreach ((string heading, string html, string? note) in panels)
            _body.Append(CultureInfo.InvariantCulture, $"<div class=\"panel\"><h3>{Escape(heading)}</h3>{html}{(note is null ? "" : $"<p class=\"note\">{Escape(note)}</p>")}</div>");
        return Html("</div>");
    }

    /// <summary>The few numbers that matter most, large.</summary>
    /// <param name="figures">Value, what it is, and a remark.</param>
    public HtmlReport KeyFigures(params IEnumerable<(string Value, string Label, string Note)> figures)
    {
        _body.Append("<div class=\"figures\">");
        foreach ((string value, string label, string note) in figures)
            _body.Append(CultureInfo.InvariantCulture, $"<div><b>{Escape(value)}</b><span>{Escape(label)}</span><small>{Escape(note)}</small></div>");
        return Html("</div>");
    }

    /// <summary>A table; cells that read as numbers are set to the right.</summary>
    /// <param name="header">The columns' headings.</param>
    /// <param name="rows">The cells.</param>
    public HtmlReport Table(IReadOnlyList<string> header, IEnumerable<IReadOnlyList<string>> rows)
    {
        IReadOnlyList<string>[] cells = [.. rows];
        _body.Append("<div class=\"scroll\"><table><thead><tr>");
        for (int column = 0; column < header.Count; column++)
        {
            bool numbers = cells.Length > 0 && cells.All(row => column < row.Count && IsNumber(row[column]));
            _body.Append(CultureInfo.InvariantCulture, $"<th{(numbers ? " class=\"number\"" : "")}>{Escape(header[column])}</th>");
        }

        _body.Append("</tr></thead><tbody>");
        foreach (IReadOnlyList<string> row in cells)
        {
            _body.Append("<tr>");
            foreach (string cell in row)
            {
                _body.Append(CultureInfo.InvariantCulture, $"<td{(IsNumber(cell) ? " class=\"number\"" : "")}>{Escape(cell)}</td>");
            }

            _body.Append("</tr>");
        }

        return Html("</tbody></table></div>");
    }

    /// <summary>Text to be copied as it stands.</summary>
    public HtmlReport Code(string text) => Html($"<pre>{Escape(text)}</pre>");

    /// <summary>A folded part.</summary>
    /// <param name="summary">What stands while it is folded.</param>
    /// <param name="content">Fills it.</param>
    public HtmlReport Details(string summary, Action<HtmlReport> content)
    {
        Html($"<details><summary>{Escape(summary)}</summary>");
        content(this);
        return Html("</details>");
    }

    /// <summary>The page.</summary>
    public override string ToString()
    {
        string navigation = string.Concat(_sections.Select(s => $"<a href=\"#{s.Id}\">{Escape(s.Title)}</a>"));
        return $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{Escape(title)}</title>
            <style>{Style}</style>
            </head>
            <body>
            <header><h1>{Escape(title)}</h1><p>{Escape(subtitle)}</p><nav>{navigation}</nav></header>
            <main>{_body}{(_sections.Count > 0 ? "</section>" : "")}</main>
            <footer>Espalier</footer>
            </body>
            </html>

            """;
    }

    /// <summary>Writes the page; an existing one is replaced at once or not at all.</summary>
    public void Save(string path) => AtomicFile.Replace(path, ToString());

    private static string Style { get; } = ReadStyle();

    private static string ReadStyle()
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Espalier.Reports.report.css")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static bool IsNumber(string cell) =>
        double.TryParse(cell.TrimEnd('%', ' '), NumberStyles.Float | NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out _);

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
