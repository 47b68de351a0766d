using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Espalier.Errors;

namespace Espalier.Networks.Checkpoints;

/// <summary>
/// Reads the pickle of a state dict. A pickle is a program; this reads the few instructions and names that a state dict
/// needs and refuses every other one, so nothing is ever called.
/// </summary>
internal sealed class StateDictPickle
{
    private static readonly Dictionary<string, torch.ScalarType> Storages = new(StringComparer.Ordinal)
    {
        ["torch.DoubleStorage"] = torch.ScalarType.Float64,
        ["torch.FloatStorage"] = torch.ScalarType.Float32,
        ["torch.HalfStorage"] = torch.ScalarType.Float16,
        ["torch.BFloat16Storage"] = torch.ScalarType.BFloat16,
        ["torch.LongStorage"] = torch.ScalarType.Int64,
        ["torch.IntStorage"] = torch.ScalarType.Int32,
        ["torch.ShortStorage"] = torch.ScalarType.Int16,
        ["torch.CharStorage"] = torch.ScalarType.Int8,
        ["torch.ByteStorage"] = torch.ScalarType.Byte,
        ["torch.BoolStorage"] = torch.ScalarType.Bool,
    };

    private static readonly HashSet<string> Callables = new(StringComparer.Ordinal)
    {
        "collections.OrderedDict", "torch._utils._rebuild_tensor_v2", "torch._utils._rebuild_parameter", "torch.Size",
    };

    // What training programs put their weights under, in the order of preference.
    private static readonly string[] Wrappers = ["state_dict", "model_state_dict", "model", "model_ema", "teacher", "net"];

    private readonly string _path;
    private readonly byte[] _bytes;
    private readonly Stack<object?> _stack = new();
    private readonly Stack<int> _marks = new();
    private readonly Dictionary<long, object?> _memo = [];
    private int _at;

    private StateDictPickle(string path, byte[] bytes) => (_path, _bytes) = (path, bytes);

    /// <summary>The tensors of a state dict, taken out of the wrappers of training programs.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="bytes">The pickle.</param>
    /// <exception cref="CheckpointException">It is damaged, or names something that no state dict needs.</exception>
    public static Dictionary<string, PickledTensor> Read(string path, byte[] bytes)
    {
        var reader = new StateDictPickle(path, bytes);
        try
        {
            return reader.Unwrapped(reader.Run());
        }
        catch (Exception error) when (error is InvalidCastException or InvalidOperationException or IndexOutOfRangeException or ArgumentException or KeyNotFoundException or OverflowException or NullReferenceException)
        {
            throw reader.Refusal("its pickle is damaged", error);
        }
    }

    private Dictionary<string, PickledTensor> Unwrapped(object? result)
    {
        var dictionary = result as Dictionary<object, object?> ?? throw Refusal("it holds no dictionary of tensors");
        foreach (string wrapper in Wrappers)
        {
            if (dictionary.TryGetValue(wrapper, out object? inner) && inner is Dictionary<object, object?> wrapped && Tensors(wrapped).Count > 0)
                return Unwrapped(wrapped);
        }

        Dictionary<string, PickledTensor> tensors = Tensors(dictionary);
        if (tensors.Count == 0)
            throw Refusal("it holds no tensors");
        return tensors;
    }

    // Wrappers of data-parallel training stand before every name.
    private static Dictionary<string, PickledTensor> Tensors(Dictionary<object, object?> dictionary)
    {
        Dictionary<string, PickledTensor> tensors = dictionary.Where(e => e is { Key: string, Value: PickledTensor }).ToDictionary(e => (string)e.Key, e => (PickledTensor)e.Value!, StringComparer.Ordinal);
        const string Parallel = "module.";
        return tensors.Count > 0 && tensors.Keys.All(k => k.StartsWith(Parallel, StringComparison.Ordinal))
            ? tensors.ToDictionary(t => t.Key[Parallel.Length..], t => t.Value, StringComparer.Ordinal)
            : tensors;
    }

    private object? Run()
    {
        while (true)
        {
            byte code = Byte();
            if (code == (byte)'.')
                return _stack.Pop();
            Step(code);
        }
    }

    private void Step(byte code)
    {
        switch ((char)code)
        {
            case '\u0080': Byte(); break;                                                           // PROTO
            case '\u0095': Take(8); break;                                                          // FRAME
            case '(': _marks.Push(_stack.Count); break;
            case '0': _stack.Pop(); break;
            case 'N': _stack.Push(null); break;
            case '\u0088': _stack.Push(true); break;
            case '\u0089': _stack.Push(false); break;
            case 'K': _stack.Push((long)Byte()); break;
            case 'M': _stack.Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
            case 'J': _stack.Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
            case '\u008a': _stack.Push(Long(Take(Byte()))); break;
            case 'G': _stack.Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
            case 'X': _stack.Push(Encoding.UTF8.GetString(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))))); break;
            case '\u008c': _stack.Push(Encoding.UTF8.GetString(Take(Byte()))); break;
            case 'U': _stack.Push(Encoding.Latin1.GetString(Take(Byte()))); break;
            case 'T': _stack.Push(Encoding.Latin1.GetString(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))))); break;
            case ')': _stack.Push(Array.Empty<object?>()); break;
            case '\u0085': _stack.Push(Top(1)); break;
            case '\u0086': _stack.Push(Top(2)); break;
            case '\u0087': _stack.Push(Top(3)); break;
            case 't': _stack.Push(Marked()); break;
            case '}': _stack.Push(new Dictionary<object, object?>()); break;
            case ']': _stack.Push(new List<object?>()); break;
            case 'a': Append([.. Top(1)]); break;
            case 'e': Append(Marked()); break;
            case 's': Set(Top(2)); break;
            case 'u': Set(Marked()); break;
            case 'q': _memo[Byte()] = _stack.Peek(); break;
            case 'r': _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = _stack.Peek(); break;
            case '\u0094': _memo[_memo.Count] = _stack.Peek(); break;
            case 'h': _stack.Push(_memo[Byte()]); break;
            case 'j': _stack.Push(_memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))]); break;
            case 'c': _stack.Push(Global($"{Line()}.{Line()}")); break;
            case '\u0093': _stack.Push(Global(string.Join('.', Top(2).Cast<string>()))); break;
            case 'Q': _stack.Push(Storage((object?[])_stack.Pop()!)); break;
            case 'R': Call(); break;
            case 'b': Build(); break;
            default: throw Refusal(string.Create(CultureInfo.InvariantCulture, $"its pickle has the instruction 0x{code:x2}, which no state dict needs"));
        }
    }

    private PickleGlobal Global(string name) => Storages.ContainsKey(name) || Callables.Contains(name)
        ? new PickleGlobal(name)
        : throw Refusal($"its pickle asks for '{name}', which no state dict needs; nothing was run");

    // ('storage', type, key, location, count)
    private PickledStorage Storage(object?[] id) => id is ["storage", PickleGlobal type, string key, string, long count] && Storages.TryGetValue(type.Name, out torch.ScalarType scalar) && key.All(char.IsAsciiLetterOrDigit)
        ? new PickledStorage(key, scalar, count)
        : throw Refusal("its pickle refers to data of an unknown kind");

    private void Call()
    {
        var arguments = (object?[])_stack.Pop()!;
        var callable = (PickleGlobal)_stack.Pop()!;
        _stack.Push(callable.Name switch
        {
            "collections.OrderedDict" when arguments.Length == 0 => new Dictionary<object, object?>(),
            "torch._utils._rebuild_tensor_v2" when arguments is [PickledStorage storage, long offset, object?[] shape, object?[] stride, ..] =>
                new PickledTensor(storage, offset, [.. shape.Cast<long>()], [.. stride.Cast<long>()]),
            "torch._utils._rebuild_parameter" when arguments is [PickledTensor tensor, ..] => tensor,
            "torch.Size" when arguments is [object?[] sizes] => sizes,
            _ => throw Refusal($"its pickle calls '{callable.Name}' in an unknown way; nothing was run"),
        });
    }

    // The state of a dictionary holds version numbers of its modules; no other object has a state here.
    private void Build()
    {
        _stack.Pop();
        if (_stack.Peek() is not Dictionary<object, object?>)
            throw Refusal("its pickle sets the state of something that no state dict holds; nothing was run");
    }

    private void Append(object?[] values) => ((List<object?>)_stack.Peek()!).AddRange(values);

    private void Set(object?[] pairs)
    {
        var dictionary = (Dictionary<object, object?>)_stack.Peek()!;
        for (int i = 0; i < pairs.Length; i += 2)
            dictionary[pairs[i]!] = pairs[i + 1];
    }

    private object?[] Top(int count)
    {
        object?[] values = new object?[count];
        for (int i = count - 1; i >= 0; i--)
            values[i] = _stack.Pop();
        return values;
    }

    private object?[] Marked() => Top(_stack.Count - _marks.Pop());

    private byte Byte() => Take(1)[0];

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count > _bytes.Length - _at)
            throw Refusal("its pickle is cut off");
        _at += (int)count;
        return _bytes.AsSpan(_at - (int)count, (int)count);
    }

    private string Line()
    {
        int end = Array.IndexOf(_bytes, (byte)'\n', _at);
        if (end < 0)
            throw Refusal("its pickle is cut off");
        string line = Encoding.ASCII.GetString(Take(end - _at));
        _at++;
        return line;
    }

    private static long Long(ReadOnlySpan<byte> bytes) => checked((long)new System.Numerics.BigInteger(bytes));

    private CheckpointException Refusal(string problem, Exception? inner = null) =>
        new(_path, problem, "save the state dict alone, torch.save(model.state_dict(), path), or convert it to safetensors", inner);
}
