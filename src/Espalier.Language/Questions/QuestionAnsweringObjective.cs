using Espalier.Data;
using Espalier.Networks;
using Espalier.Networks.Text;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Language.Questions;

/// <summary>
/// The mean of two cross-entropies over the tokens of a row: where the answer begins and where it ends (Devlin et al. 2019).
/// Judged by <c>loss</c>, and <c>accuracy</c>: the share of windows of which both ends scored highest.
/// </summary>
public sealed class QuestionAnsweringObjective : Objective
{
    private const int EvaluationBatch = 32;

    private readonly torch.nn.Module<Tensor, Tensor> _model;

    /// <summary>An objective for rows of <see cref="QuestionEncoding.Rows"/>.</summary>
    /// <param name="model">Maps tokens [batch, tokens] to logits [batch, tokens, 2], such as <see cref="QuestionAnswering"/>; stays the caller's.</param>
    public QuestionAnsweringObjective(torch.nn.Module<Tensor, Tensor> model) => _model = model;

    /// <inheritdoc/>
    public override torch.nn.Module Model => _model;

    /// <inheritdoc/>
    public override bool Decays(string name, Tensor parameter) => WeightDecay.Applies(name, parameter);

    /// <inheritdoc/>
    public override LossSum Step(Batch batch, TrainingState state)
    {
        (Tensor loss, Tensor right) = Loss(batch.Inputs);
        return new LossSum(loss, batch.Count, right);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate(Dataset data)
    {
        (double sum, double right) = (0, 0);
        using var noGradients = torch.no_grad();
        for (int start = 0; start < data.Count; start += EvaluationBatch)
        {
            using var scope = torch.NewDisposeScope();
            (Tensor loss, Tensor both) = Loss(data.Gather([.. Enumerable.Range(start, Math.Min(EvaluationBatch, data.Count - start))]).Inputs);
            sum += loss.ToDouble();
            right += both.ToDouble();
        }

        return new Dictionary<string, double> { ["loss"] = sum / data.Count, ["accuracy"] = right / data.Count };
    }

    // rows: [batch, tokens + 2]
    private (Tensor Loss, Tensor Right) Loss(Tensor rows)
    {
        long width = rows.shape[1] - 2;
        Tensor logits = _model.call(rows.narrow(1, 0, width));                          // [batch, tokens, 2]
        (Tensor starts, Tensor ends) = (rows.select(1, width), rows.select(1, width + 1));
        Tensor loss = (torch.nn.functional.cross_entropy(logits.select(2, 0), starts, reduction: torch.nn.Reduction.Sum)
            + torch.nn.functional.cross_entropy(logits.select(2, 1), ends, reduction: torch.nn.Reduction.Sum)) / 2;
        using var noGradients = torch.no_grad();
        return (loss, logits.select(2, 0).argmax(1).eq(starts).logical_and(logits.select(2, 1).argmax(1).eq(ends)).sum());
    }
}
