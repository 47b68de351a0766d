using Espalier.Onnx.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Espalier.Onnx.Export;

/// <summary>A file in ONNX Runtime beside the module that it came from, on random inputs of several batch sizes and lengths.</summary>
/// <param name="MaxDifference">The greatest absolute difference of any result.</param>
/// <param name="At">Where it was met, for errors, such as " at 3 tokens"; empty where no length is open.</param>
/// <param name="Variation">How far the module's results for the inputs of a batch lie apart, at most; NaN where no batch has two.</param>
internal sealed record OnnxVerification(double MaxDifference, string At, double Variation)
{
    /// <summary>Runs both.</summary>
    /// <exception cref="OnnxExportException">ONNX Runtime refuses the file.</exception>
    /// <param name="path">The file.</param>
    /// <param name="call">The module.</param>
    /// <param name="options">Batch sizes and tolerance.</param>
    /// <param name="isInferred">Whether some of it was inferred from observation: then inputs at the edges are tried too.</param>
    public static OnnxVerification Of(string path, ModuleCall call, OnnxExportOptions options, bool isInferred)
    {
        try
        {
            using var session = new OnnxSession(path);
            (double greatest, string at, double variation) = (0, "", double.NaN);
            foreach (long? tokens in call.Lengths)
            {
                for (int i = 0; i < options.VerifiedBatchSizes.Count; i++)
                {
                    using var scope = torch.NewDisposeScope();
                    Tensor[] inputs = call.RandomInputs(options.VerifiedBatchSizes[i], i, tokens);
                    Tensor[] expected = call.Run(inputs);
                    Tensor[] actual = session.Run([.. call.Inputs.Select((input, k) => (input.Name, inputs[k]))]);
                    for (int k = 0; k < expected.Length; k++)
                    {
                        double difference = Difference(actual[k], expected[k].cpu());
                        if (difference > greatest)
                            (greatest, at) = (difference, tokens is null ? "" : $" at {tokens} token(s)");
                        if (options.VerifiedBatchSizes[i] > 1)
                            variation = double.MaxNumber(variation, Range(expected[k]));
                    }
                }
            }

            foreach (OnnxProbe probe in isInferred ? Enum.GetValues<OnnxProbe>() : [])
            {
                using var scope = torch.NewDisposeScope();
                Tensor[] inputs = call.ProbeInputs(probe, call.Lengths[0]);
                Tensor[] expected = call.Run(inputs);
                Tensor[] actual = session.Run([.. call.Inputs.Select((input, k) => (input.Name, inputs[k]))]);
                for (int k = 0; k < expected.Length; k++)
                {
                    // Large inputs have large results, whose last digits count for nothing.
                    double difference = Difference(actual[k], expected[k].cpu()) / Math.Max(1, LargestFinite(expected[k]));
                    if (difference > Math.Max(greatest, options.Tolerance))
                        (greatest, at) = (difference, $" of the largest result, for {Words(probe)}: what was inferred by observation does not hold there");
                }
            }

            return new OnnxVerification(greatest, at, variation);
        }
        catch (OnnxRuntimeException error)
        {
            throw new OnnxExportException("", call.Module.GetType(), $"ONNX Runtime refuses the file: {error.Message.ReplaceLineEndings(" ")}", "look for a layer whose conversion is wrong", error);
        }
    }

    private static double Difference(Tensor actual, Tensor expected)
    {
        if (!actual.shape.SequenceEqual(expected.shape))
            return double.PositiveInfinity;
        if (actual.numel() == 0)
            return 0;

        // Infinities of the same sign agree; what is no number on one side only does not.
        Tensor difference = (actual.to(torch.float64) - expected.to(torch.float64)).abs();
        Tensor agree = actual.eq(expected) | (actual.isnan() & expected.isnan());
        double greatest = torch.where(agree, torch.zeros_like(difference), difference).max().ToDouble();
        return double.IsNaN(greatest) ? double.PositiveInfinity : greatest;
    }

    private static string Words(OnnxProbe probe) => probe switch
    {
        OnnxProbe.Zero => "zeros",
        OnnxProbe.Least => "the least values",
        OnnxProbe.Greatest => "the greatest values",
        OnnxProbe.Small => "random inputs times 0.001",
        OnnxProbe.Large => "random inputs times 30",
        _ => "random inputs times 1,000",
    };

    private static double LargestFinite(Tensor results) => results.numel() == 0 ? 0 : results.to(torch.float64).nan_to_num(0, 0, 0).abs().max().ToDouble();

    private static double Range(Tensor results) => results.numel() == 0 ? 0 : (results.amax([0]) - results.amin([0])).max().ToDouble();
}
