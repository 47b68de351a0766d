using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Espalier.Files;

/// <summary>
/// Reads JSON from files and requests that nobody vouches for. Whatever is wrong with a text is one <see cref="JsonException"/>: broken syntax,
/// bytes that are no UTF-8, half of a surrogate pair, a key given twice, a value of another kind, and a null (or nothing) where
/// the record that is read says that there is a value, in lists and dictionaries too.
/// </summary>
public static class StrictJson
{
    private static readonly byte[] Mark = [0xEF, 0xBB, 0xBF];
    private static readonly ConditionalWeakTable<JsonSerializerOptions, JsonSerializerOptions> Known = [];

    /// <summary>Reads a record from a text.</summary>
    /// <typeparam name="T">The record; nullable annotations of its properties are heeded.</typeparam>
    /// <param name="text">The text.</param>
    /// <param name="options">How it is read; the defaults where null.</param>
    /// <exception cref="JsonException">Anything is wrong with the text.</exception>
    public static T Read<T>(string text, JsonSerializerOptions? options = null) where T : notnull => Read<T>(Bytes(text), options);

    /// <summary>Reads a record from a text.</summary>
    /// <typeparam name="T">The record; nullable annotations of its properties are heeded.</typeparam>
    /// <param name="utf8">The text, UTF-8, with or without a byte order mark.</param>
    /// <param name="options">How it is read; the defaults where null.</param>
    /// <exception cref="JsonException">Anything is wrong with the text.</exception>
    public static T Read<T>(ReadOnlySpan<byte> utf8, JsonSerializerOptions? options = null) where T : notnull
    {
        JsonSerializerOptions strict = Known.GetValue(options ?? JsonSerializerOptions.Default, Strict);
        ReadOnlySpan<byte> text = Whole(utf8, strict.AllowTrailingCommas, strict.ReadCommentHandling, strict.MaxDepth);
        try
        {
            T read = JsonSerializer.Deserialize<T>(text, strict) ?? throw new JsonException("it is null");
            RequireElements(read, typeof(T).Name);
            return read;
        }
        catch (Exception error) when (error is InvalidOperationException or NotSupportedException or ArgumentException or FormatException or OverflowException or TargetInvocationException or NullReferenceException)
        {
            throw new JsonException(error.Message, error);
        }
    }

    /// <summary>Reads a record from a file.</summary>
    /// <typeparam name="T">The record; nullable annotations of its properties are heeded.</typeparam>
    /// <param name="path">The file.</param>
    /// <param name="options">How it is read; the defaults where null.</param>
    /// <exception cref="JsonException">Anything is wrong with the text.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static T ReadFile<T>(string path, JsonSerializerOptions? options = null) where T : notnull => Read<T>(File.ReadAllBytes(path), options);

    /// <summary>Reads a text of no record.</summary>
    /// <param name="utf8">The text, UTF-8, with or without a byte order mark.</param>
    /// <param name="options">How it is read; keys that are given twice are refused in any case.</param>
    /// <returns>The text's value; the caller disposes of it.</returns>
    /// <exception cref="JsonException">Anything is wrong with the text.</exception>
    public static JsonDocument Document(ReadOnlyMemory<byte> utf8, JsonDocumentOptions options = default)
    {
        ReadOnlySpan<byte> text = Whole(utf8.Span, options.AllowTrailingCommas, options.CommentHandling, options.MaxDepth);
        options.AllowDuplicateProperties = false;
        return JsonDocument.Parse(utf8[^text.Length..], options);
    }

    /// <summary>Reads a text of no record.</summary>
    /// <param name="utf8">The text, UTF-8, with or without a byte order mark.</param>
    /// <param name="options">How it is read; keys that are given twice are refused in any case.</param>
    /// <exception cref="JsonException">Anything is wrong with the text.</exception>
    public static JsonNode? Node(ReadOnlySpan<byte> utf8, JsonDocumentOptions options = default)
    {
        ReadOnlySpan<byte> text = Whole(utf8, options.AllowTrailingCommas, options.CommentHandling, options.MaxDepth);
        options.AllowDuplicateProperties = false;
        return JsonNode.Parse(text, null, options);
    }

    /// <summary>Reads a text of no record.</summary>
    /// <param name="text">The text.</param>
    /// <param name="options">How it is read; keys that are given twice are refused in any case.</param>
    /// <exception cref="JsonException">Anything is wrong with the text.</exception>
    public static JsonNode? Node(string text, JsonDocumentOptions options = default) => Node(Bytes(text), options);

    private static byte[] Bytes(string text)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(text);
        }
        catch (EncoderFallbackException error)
        {
            throw new JsonException($"character {error.Index} is half of a surrogate pair", error);
        }
    }

    // The readers of System.Text.Json look at a string when it is asked for, often long after the text was parsed.
    private static ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> utf8, bool allowsTrailingCommas, JsonCommentHandling comments, int depth)
    {
        if (utf8.StartsWith(Mark))
            utf8 = utf8[Mark.Length..];
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { AllowTrailingCommas = allowsTrailingCommas, CommentHandling = comments, MaxDepth = depth });
        while (reader.Read())
        {
            if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
                continue;
            try
            {
                if (reader.ValueIsEscaped || reader.ValueSpan.IndexOfAnyExceptInRange((byte)0, (byte)0x7F) >= 0)
                    reader.GetString();
            }
            catch (InvalidOperationException error)
            {
                throw new JsonException($"the text at byte {reader.TokenStartIndex} holds half of a surrogate pair, or bytes that are no UTF-8", error);
            }
        }

        return utf8;
    }

    private static JsonSerializerOptions Strict(JsonSerializerOptions options) => new(options)
    {
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        TypeInfoResolver = (options.TypeInfoResolver ?? new DefaultJsonTypeInfoResolver()).WithAddedModifier(RequireValues),
    };

    // What the serializer's own check leaves out: a property that is not given at all, and the elements of collections.
    private static void RequireValues(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object)
            return;
        var checks = new List<(JsonPropertyInfo Property, NullabilityInfo Nullability)>();
        var context = new NullabilityInfoContext();
        foreach (JsonPropertyInfo property in type.Properties)
        {
            if (property.Get is not null && (property.Set is not null || property.AssociatedParameter is not null) && !property.PropertyType.IsPrimitive && property.AttributeProvider is PropertyInfo member)
                checks.Add((property, context.Create(member)));
        }

        if (checks.Count == 0)
            return;
        Action<object>? before = type.OnDeserialized;
        type.OnDeserialized = read =>
        {
            before?.Invoke(read);
            foreach ((JsonPropertyInfo property, NullabilityInfo nullability) in checks)
                Require(property.Get!(read), nullability, property.Name);
        };
    }

    private static void Require(object? value, NullabilityInfo nullability, string name)
    {
        if (value is null)
        {
            if (nullability.ReadState == NullabilityState.NotNull && !(nullability.Type.IsGenericType && nullability.Type.GetGenericTypeDefinition() == typeof(Nullable<>)))
                throw new JsonException($"'{name}' is null or missing");
            return;
        }

        if (value is string or JsonNode)
            return;
        NullabilityInfo? element = nullability.ElementType ?? (nullability.GenericTypeArguments is [.., var last] ? last : null);
        if (element is null || element.Type.IsPrimitive)
            return;
        if (value is IDictionary pairs)
        {
            foreach (object? each in pairs.Values)
                Require(each, element, name);
        }
        else if (value is IEnumerable list && nullability.GenericTypeArguments.Length < 2)
        {
            foreach (object? each in list)
                Require(each, element, name);
        }
    }

    // A list or a dictionary that is read by itself has no property to say whether its elements may be null: they may not.
    private static void RequireElements(object read, string name)
    {
        IEnumerable elements = read is IDictionary pairs ? pairs.Values : read is IEnumerable list and not string and not JsonNode ? list : Array.Empty<object>();
        if (read.GetType() is { } type && (type.IsArray ? type.GetElementType() : type.IsGenericType ? type.GetGenericArguments()[^1] : null) is { IsValueType: true })
            return;
        foreach (object? element in elements)
        {
            if (element is null)
                throw new JsonException($"an element of {name} is null");
        }
    }
}
