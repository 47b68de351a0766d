using Espalier.Onnx.Export;
using Espalier.Tests.Data;

namespace Espalier.Tests.Onnx;

/// <summary>Exports into a folder that is deleted at the end.</summary>
internal sealed class OnnxFile : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public string Path => _folder.File("model.onnx");

    public string Folder => _folder.Path;

    public OnnxExportReport Export(torch.nn.Module module, OnnxExportOptions? options = null, params long[] shape) =>
        OnnxExporter.Export(module, Path, [new OnnxInput("input", shape, Lower: -2, Upper: 2)], options);

    public void Dispose() => _folder.Dispose();
}
