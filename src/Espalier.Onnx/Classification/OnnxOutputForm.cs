using Espalier.Errors;
using Espalier.Onnx.Sessions;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Espalier.Onnx.Classification;

/// <summary>Which output holds the scores, and whether they are logits or probabilities.</summary>
internal sealed class OnnxOutputForm
{
    private const double Rounding = 1e-3;

    private readonly int _index;

    private OnnxOutputForm(int index, int classCount, OnnxOutputKind kind) => (_index, ClassCount, Kind) = (index, classCount, kind);

    public int ClassCount { get; }

    public OnnxOutputKind Kind { get; }

    public static OnnxOutputForm Of(string path, OnnxSession session, OnnxInputForm input, OnnxClassifierOptions options)
    {
        string[] names = [.. session.Outputs.Keys];
        int index = Array.IndexOf(names, Chosen(path, session.Outputs, options.Output));

        // Shapes in files are often open or wrong: what the model gives is what counts.
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(1);
        int count = input.FixedBatch ?? 2;
        Tensor probe = torch.rand([count, .. input.InputShape], generator: generator) * (options.Upper - options.Lower) + options.Lower;
        Tensor output = session.Run([(input.Name, input.Prepared(probe))])[index];
        if (output.dim() < 2 || output.shape[0] != count || output.shape.Skip(2).Any(s => s != 1) || output.shape[1] < 2)
            throw new CheckpointException(path, $"output '{names[index]}' has shape [{string.Join(", ", output.shape)}] for {count} inputs", "a classifier gives [batch, classes], at least two: name another output");
        var form = new OnnxOutputForm(index, checked((int)output.shape[1]), options.OutputKind ?? OnnxOutputKind.Logits);
        return options.OutputKind is null && AreProbabilities(form.Scores(output)) ? new(index, form.ClassCount, OnnxOutputKind.Probabilities) : form;
    }

    /// <summary>The scores among all results, [batch, classes], float32.</summary>
    public Tensor Read(Tensor[] results) => Scores(results[_index]);

    /// <summary>Probabilities of scores.</summary>
    public Tensor Probabilities(Tensor scores) => Kind == OnnxOutputKind.Logits ? scores.softmax(1) : scores / scores.sum([1], keepdim: true);

    private static string Chosen(string path, IReadOnlyDictionary<string, NodeMetadata> outputs, string? wanted)
    {
        string[] usable = [.. outputs.Where(o => o.Value.IsTensor && o.Value.ElementDataType is TensorElementType.Float or TensorElementType.Double or TensorElementType.Float16).Select(o => o.Key)];
        if (wanted is not null)
        {
            if (!outputs.ContainsKey(wanted))
                throw new NotFoundException("output of the model", wanted, outputs.Keys);
            return usable.Contains(wanted) ? wanted : throw new CheckpointException(path, $"output '{wanted}' is no tensor of floating point", "name the output that holds scores");
        }

        return usable switch
        {
            [var one] => one,
            [] => throw new CheckpointException(path, $"has no output of floating point: {string.Join(", ", outputs.Keys)}", "export the model with its scores as a tensor"),
            _ => throw new OptionsException("output", null, $"must name one of the model's outputs: {string.Join(", ", usable)}"),
        };
    }

    private static bool AreProbabilities(Tensor scores) =>
        scores.min().ToDouble() >= -Rounding && (scores.sum([1]) - 1).abs().max().ToDouble() <= Rounding;

    private Tensor Scores(Tensor output) => output.to(torch.float32).reshape(output.shape[0], ClassCount);
}
