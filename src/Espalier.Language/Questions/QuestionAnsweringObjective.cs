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
public sealed class QuestionAnsweringObjective : Objective<QuestionBatch>
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
    public override LossSum Step(QuestionBatch batch, TrainingState state)
    {
        (Tensor loss, Tensor right) = Loss(batch);
        return new LossSum(loss, batch.Count, right);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<QuestionBatch> data, EvaluationContext context)
    {
        (double sum, double right) = (0, 0);
        using var noGradients = torch.no_grad();
        foreach (QuestionBatch batch in data.InBatches(EvaluationBatch))
        {
            using var scope = torch.NewDisposeScope();
            (Tensor loss, Tensor both) = Loss(batch);
            sum += loss.ToDouble();
            right += both.ToDouble();
        }

        return new Dictionary<string, double> { ["loss"] = sum / data.Count, ["accuracy"] = right / data.Count };
    }

    private (Tensor Loss, Tensor Right) Loss(QuestionBatch batch)
    {
        Tensor logits = _model.call(batch.Tokens);                                      // [batch, tokens, 2]
        Tensor loss = (torch.nn.functional.cross_entropy(logits.select(2, 0), batch.Starts, reduction: torch.nn.Reduction.Sum)
            + torch.nn.functional.cross_entropy(logits.select(2, 1), batch.Ends, reduction: torch.nn.Reduction.Sum)) / 2;
        using var noGradients = torch.no_grad();
        return (loss, logits.select(2, 0).argmax(1).eq(batch.Starts).logical_and(logits.select(2, 1).argmax(1).eq(batch.Ends)).sum());
    }
}
