namespace Espalier.Onnx.Observation;

/// <summary>One call of a child during one run.</summary>
internal sealed record TracedCall(torch.nn.Module Child, Tensor[] Inputs, Tensor[] Outputs);
