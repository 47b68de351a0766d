using System.Text.Json;
using Espalier.Models;
using Espalier.Tests.Architecture;

namespace Espalier.Tests.Checkpoints;

/// <summary>
/// What benchmarks/python/reference_models.py computed in double precision: an independent implementation's logits for weights
/// that are a function of a tensor's number.
/// </summary>
internal sealed class ReferenceModel
{
    private readonly JsonElement _model;

    private ReferenceModel(JsonElement model) => _model = model;

    public static ReferenceModel Load(string name)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(SourceTree.Root, "tests", "Espalier.Tests", "Checkpoints", "reference.json")));
        return new(document.RootElement.GetProperty(name).Clone());
    }

    public Tensor Logits => torch.tensor(_model.GetProperty("logits").EnumerateArray().Select(v => v.GetDouble()).ToArray()).reshape(Shape(_model));

    /// <summary>The file as its authors would have published it.</summary>
    public List<KeyValuePair<string, Tensor>> Tensors() => [.. _model.GetProperty("tensors").EnumerateArray().Select((t, i) =>
        new KeyValuePair<string, Tensor>(t.GetProperty("name").GetString()!, Fill(500 + i, Shape(t), t.GetProperty("scale").GetDouble(), t.GetProperty("offset").GetDouble())))];

    public void Write(string path) => SafetensorsFile.Write(path, Tensors());

    /// <summary>offset + scale r, with r a hash of tensor number and element number in [-0.5, 0.5).</summary>
    public static Tensor Fill(int k, long[] shape, double scale, double offset = 0)
    {
        float[] values = new float[shape.Aggregate(1L, (a, b) => a * b)];
        for (uint i = 0; i < values.Length; i++)
            values[i] = (float)(offset + scale * Noise(k, i));
        return torch.tensor(values, shape);
    }

    /// <summary>As <see cref="Fill"/>, in double precision.</summary>
    public static Tensor Doubles(int k, long[] shape, double scale, double offset = 0)
    {
        double[] values = new double[shape.Aggregate(1L, (a, b) => a * b)];
        for (uint i = 0; i < values.Length; i++)
            values[i] = offset + scale * Noise(k, i);
        return torch.tensor(values, shape);
    }

    /// <summary>Token ids below a number.</summary>
    public static Tensor Ids(int vocabulary, params long[] shape)
    {
        long[] ids = new long[shape.Aggregate(1L, (a, b) => a * b)];
        for (uint i = 0; i < ids.Length; i++)
            ids[i] = (long)Math.Floor((Noise(8888, i) + 0.5) * vocabulary);
        return torch.tensor(ids, shape, dtype: torch.int64);
    }

    private static double Noise(int k, uint i)
    {
        uint x = unchecked((i + 1) * 2654435761 + ((uint)k + 1) * 40503);
        x ^= x >> 15;
        x = unchecked(x * 2246822519);
        x ^= x >> 13;
        x = unchecked(x * 3266489917);
        x ^= x >> 16;
        return x / 4294967296.0 - 0.5;
    }

    private static long[] Shape(JsonElement element) => [.. element.GetProperty("shape").EnumerateArray().Select(s => s.GetInt64())];
}
