using Microsoft.ML.OnnxRuntime;

namespace Espalier.Onnx;

/// <summary>Runs a file in ONNX Runtime beside the module it came from.</summary>
internal static class OnnxVerification
{
    /// <summary>The greatest absolute difference of any result on random inputs of several batch sizes.</summary>
    public static double MaxDifference(string path, ModuleCall call, OnnxExportOptions options)
    {
        try
        {
            using var session = new OnnxSession(path);
            double greatest = 0;
            for (int i = 0; i < options.VerifiedBatchSizes.Count; i++)
            {
                using var scope = torch.NewDisposeScope();
                Tensor[] inputs = call.RandomInputs(options.VerifiedBatchSizes[i], i);
                Tensor[] expected = call.Run(inputs);
                Tensor[] actual = session.Run([.. call.Inputs.Select((input, k) => (input.Name, inputs[k]))]);
                for (int k = 0; k < expected.Length; k++)
                    greatest = Math.Max(greatest, Difference(actual[k], expected[k].cpu()));
            }

            return greatest;
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
}
