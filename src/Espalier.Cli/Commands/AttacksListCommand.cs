using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;
using Spectre.Console;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier attacks list</c>: the attacks and policies that have names.</summary>
internal sealed class AttacksListCommand : EspalierCommand<GlobalSettings>
{
    protected override int Execute(GlobalSettings settings, Session session)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumns("attack", "needs", "norms", "steps", "settings", "what it is");
        foreach (AttackInfo attack in AttackCatalog.All)
        {
            table.AddRow(Markup.Escape(attack.Name), attack.Access.ToString().ToLowerInvariant(), attack.IsBounded ? string.Join(" ", attack.Norms) : "none",
                attack.Steps?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "", Markup.Escape(string.Join(" ", attack.Settings)), Markup.Escape(attack.Title));
        }

        session.Terminal.Show(table);
        Table policies = new Table().Border(TableBorder.Simple).AddColumns("policy", "stages");
        foreach ((string name, AttackPolicy policy) in AttackPolicy.Named(Norm.LInf))
            policies.AddRow(Markup.Escape(name), Markup.Escape(policy.ToString()));
        session.Terminal.Show(policies);
        session.Terminal.Result(AttackCatalog.All.Select(a => new { a.Name, a.Title, a.Access, Norms = a.IsBounded ? a.Norms : [], a.Steps, a.Settings }));
        return Done;
    }
}
