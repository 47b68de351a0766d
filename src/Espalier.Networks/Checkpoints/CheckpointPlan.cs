namespace Espalier.Networks.Checkpoints;

/// <summary>
/// Which tensor of a file goes where, decided from names and shapes alone: the report is complete before a weight changes.
/// </summary>
internal sealed class CheckpointPlan
{
    private const string Averaged = Models.ModelWeights.EmaPrefix;

    private readonly WeightsFile _file;
    private readonly Dictionary<string, Tensor> _state;
    private readonly List<(string Target, string? Source, bool SumChannels)> _copies = [];

    public CheckpointPlan(string path, WeightsFile file, torch.nn.Module module, CheckpointLayout layout, CheckpointOptions options)
    {
        _file = file;
        _state = module.state_dict();
        CheckpointNames names = CheckpointNames.Of(layout, module, _state.Keys);
        HashSet<string> head = options.NumClasses is null ? [] : [.. Checkpoint.HeadOf(module)];
        List<LoadedTensor> loaded = [], converted = [], reinitialized = [], missing = [], unexpected = [], mismatch = [], ignored = [];
        var seen = new HashSet<string>();
        string[] all = [.. file.Names];
        bool averaged = options.Averaged ?? all.Any(n => n.StartsWith(Averaged, StringComparison.Ordinal));
        foreach (string source in all)
        {
            bool isAverage = source.StartsWith(Averaged, StringComparison.Ordinal);
            if (isAverage != averaged && all.Any(n => n.StartsWith(Averaged, StringComparison.Ordinal)))
            {
                ignored.Add(new(source, source, isAverage ? "an averaged weight" : "the averaged weight is taken"));
                continue;
            }

            TensorMapping mapping = names.Map(isAverage ? source[Averaged.Length..] : source);
            if (mapping.Target is not { } target)
                ignored.Add(new(source, source, mapping.Note));
            else if (!_state.TryGetValue(target, out Tensor? tensor))
                unexpected.Add(new(source, source, ""));
            else if (!seen.Add(target))
                unexpected.Add(new(source, source, $"'{target}' comes from another tensor already"));
            else
                Fit(source, target, tensor, mapping);
        }

        foreach ((string target, Tensor _) in _state)
        {
            if (seen.Contains(target))
                continue;
            if (names.IsZero(target))
            {
                _copies.Add((target, null, false));
                converted.Add(new(target, null, "zero: the layout has no such bias"));
            }
            else if (head.Contains(target))
            {
                reinitialized.Add(new(target, null, $"fresh, for {options.NumClasses} classes"));
            }
            else if (names.Dispensable(target) is { } reason)
            {
                ignored.Add(new(target, null, reason));
            }
            else
            {
                missing.Add(new(target, null, ""));
            }
        }

        Report = new LoadReport
        {
            Path = path,
            Loaded = loaded,
            Converted = converted,
            Reinitialized = reinitialized,
            Missing = missing,
            Unexpected = unexpected,
            ShapeMismatch = mismatch,
            Ignored = ignored,
        };

        void Fit(string source, string target, Tensor tensor, TensorMapping mapping)
        {
            long[] stored = [.. file.ShapeOf(source)];
            long[] shape = mapping.Shape?.Invoke(stored) ?? stored;
            long[] wanted = tensor.shape;
            bool greys = options.GrayscaleStem && shape is [_, > 1, _, _] && wanted is [_, 1, _, _] && shape[0] == wanted[0] && shape.AsSpan(2).SequenceEqual(wanted.AsSpan(2));
            if (!greys && !shape.SequenceEqual(wanted))
            {
                if (head.Contains(target))
                    reinitialized.Add(new(target, source, $"fresh, for {options.NumClasses} classes; the file has [{string.Join(", ", stored)}]"));
                else
                    mismatch.Add(new(target, source, $"has shape [{string.Join(", ", stored)}] but the model's is [{string.Join(", ", wanted)}]"));
                return;
            }

            string[] notes =
            [
                .. target == source ? Array.Empty<string>() : [$"from '{source}'"],
                .. shape.SequenceEqual(stored) ? Array.Empty<string>() : [mapping.Note],
                .. greys ? [$"summed over {shape[1]} channels"] : Array.Empty<string>(),
                .. file.TypeOf(source) == tensor.dtype ? Array.Empty<string>() : [$"{file.TypeOf(source)} to {tensor.dtype}"],
            ];
            _copies.Add((target, source, greys));
            (notes.Length == 0 ? loaded : converted).Add(new(target, source, string.Join(", ", notes)));
        }
    }

    public LoadReport Report { get; }

    /// <summary>Copies everything; where the file cannot be read to its end, nothing is changed.</summary>
    public void Apply()
    {
        using var noGradients = torch.no_grad();

        // Every tensor is read once before the first weight changes: keeping them, or the old weights, would double the memory.
        foreach ((_, string? source, _) in _copies)
        {
            if (source is not null)
                _file.Load(source).Dispose();
        }

        foreach ((string target, string? source, bool sumChannels) in _copies)
        {
            using var one = torch.NewDisposeScope();
            Tensor tensor = _state[target];
            Tensor value = source is null ? torch.zeros_like(tensor) : _file.Load(source);
            tensor.copy_((sumChannels ? value.sum([1], keepdim: true) : value).reshape(tensor.shape));
        }
    }
}
