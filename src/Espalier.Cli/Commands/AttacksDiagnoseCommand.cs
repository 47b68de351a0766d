using System.ComponentModel;
using Espalier.Data;
using Espalier.Recipes;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Regions;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier attacks diagnose</c>: whether a model resists, or only hides its gradients.</summary>
internal sealed class AttacksDiagnoseCommand : EspalierCommand<AttacksDiagnoseCommand.Settings>
{
    private const int DefaultSamples = 100;

    internal sealed class Settings : AttackTargetSettings
    {
        [CommandOption("--queries <N>")]
        [Description("Queries of the attack without gradients per input; 1,000 where left out.")]
        public int? Queries { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        var diagnosis = new GradientMaskingDiagnosis(new()
        {
            Norm = Choice.Parse<Norm>("norm", settings.Norm) ?? Norm.LInf,
            Epsilon = settings.RequiredEpsilon,
            Queries = settings.Queries ?? new GradientMaskingDiagnosisOptions().Queries,
            Seed = settings.Seed ?? 0,
        });
        using AuditTarget target = settings.Open(session.Device);
        LabelledBatch batch = target.Splits.Test.First(settings.Samples ?? DefaultSamples);
        IReadOnlyList<RobustnessFinding> found = diagnosis.Run(target.Classifier, batch.Inputs, batch.Labels, cancellationToken: session.Stop);
        if (found.Count == 0)
            session.Terminal.Line("Nothing suggests that the model hides its gradients rather than resists. That is a good sign, not a proof.");
        else
        {
            Table table = new Table().Border(TableBorder.Simple).AddColumns("sign", "evidence", "what to do");
            foreach (RobustnessFinding finding in found)
                table.AddRow(Markup.Escape(finding.Code), Markup.Escape(finding.Evidence), Markup.Escape(finding.Action));
            session.Terminal.Show(table);
        }

        session.Terminal.Result(found);
        return found.Any(f => f.IsWarning) ? NotDone : Done;
    }
}
