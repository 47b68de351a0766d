using System.Reflection;
using Espalier.Training.Objectives;
using TorchSharp.Modules;

namespace Espalier.Training.Loop;

/// <summary>
/// Whether a training may draw from torch's default generator, which all trainings of a process share. Layers and objectives of this toolkit draw
/// from <see cref="SampleRandom"/>; an assembly says the same of itself by the metadata <c>Espalier.KeyedRandomness</c>. Of torch's own modules a few draw.
/// </summary>
internal static class ForeignRandomness
{
    /// <summary>The assembly metadata by which an assembly says that nothing in it draws from torch's default generator.</summary>
    public const string MetadataKey = "Espalier.KeyedRandomness";

    private static readonly HashSet<Type> s_random =
    [
        typeof(Dropout), typeof(Dropout1d), typeof(Dropout2d), typeof(Dropout3d), typeof(AlphaDropout), typeof(FeatureAlphaDropout), typeof(RReLU),
        typeof(MultiheadAttention), typeof(Transformer), typeof(TransformerEncoder), typeof(TransformerDecoder), typeof(TransformerEncoderLayer),
        typeof(TransformerDecoderLayer), typeof(GRU), typeof(LSTM), typeof(RNN),
    ];

    /// <summary>What may draw from the default generator: the name of the first such module or objective, or null.</summary>
    public static string? In(Objective objective)
    {
        if (!IsKeyed(objective.GetType().Assembly))
            return objective.GetType().Name;
        return objective.Networks.SelectMany(n => n.named_modules().Select(m => m.module).Append(n)).FirstOrDefault(MayDraw)?.GetType().Name;
    }

    private static bool MayDraw(torch.nn.Module module)
    {
        Type type = module.GetType();
        return type.Assembly == typeof(torch).Assembly
            ? s_random.Contains(type.IsGenericType ? type.GetGenericTypeDefinition() : type)
            : !IsKeyed(type.Assembly);
    }

    private static bool IsKeyed(Assembly assembly) =>
        assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Any(a => a.Key == MetadataKey && a.Value == "true");
}
