using System.Globalization;
using System.Net;
using System.Text;

namespace Espalier.Runs.Reports;

/// <summary>A confusion matrix as a table whose cells are shaded by their share of the true class.</summary>
public sealed record ConfusionChart
{
    /// <summary>One name per class.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>Counts, [true class][predicted class].</summary>
    public required IReadOnlyList<IReadOnlyList<long>> Counts { get; init; }

    /// <summary>The table as HTML.</summary>
    public string ToHtml()
    {
        var html = new StringBuilder("<div class=\"scroll\"><table class=\"confusion\"><thead><tr><th></th>");
        foreach (string name in ClassNames)
            html.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\">{WebUtility.HtmlEncode(name)}</th>");
        html.Append("</tr></thead><tbody>");
        for (int t = 0; t < Counts.Count; t++)
        {
            long total = Math.Max(1, Counts[t].Sum());
            html.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{WebUtility.HtmlEncode(ClassNames[t])}</th>");
            for (int p = 0; p < Counts[t].Count; p++)
            {
                double share = (double)Counts[t][p] / total;
                // Errors are few: a square root keeps them visible.
                string shade = string.Create(CultureInfo.InvariantCulture, $"--s:{Math.Sqrt(share) * 100:0}%");
                string kind = p == t ? "hit" : "miss";
                string text = Counts[t][p] == 0 ? "" : Counts[t][p].ToString(CultureInfo.InvariantCulture);
                html.Append(CultureInfo.InvariantCulture, $"<td class=\"{kind}\" style=\"{shade}\">{text}</td>");
            }

            html.Append("</tr>");
        }

        return html.Append("</tbody></table></div><p class=\"note\">Rows: true class. Columns: predicted class.</p>").ToString();
    }
}
