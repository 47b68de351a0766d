using System.Text.RegularExpressions;
using Espalier.Networks.Text;

namespace Espalier.Networks.Checkpoints;

/// <summary>The names of a layout: from a file's names to those of a network.</summary>
internal abstract partial class CheckpointNames
{
    public static CheckpointNames Of(CheckpointLayout layout, torch.nn.Module module, IReadOnlyCollection<string> targets) => layout switch
    {
        CheckpointLayout.HuggingFaceBert => new Bert(module, targets),
        CheckpointLayout.LucidrainsGmlpText => new Lucidrains(targets),
        CheckpointLayout.FacebookResMlp => new ResMlp(),
        CheckpointLayout.TradesSmallCnn => new Trades(),
        CheckpointLayout.Underscores => new Underscores(targets),
        _ => new Native(),
    };

    /// <summary>What becomes of a tensor of the file.</summary>
    public abstract TensorMapping Map(string name);

    /// <summary>Why the network may do without a tensor that the file lacks, or null where it may not.</summary>
    public virtual string? Dispensable(string target) =>
        target.EndsWith("num_batches_tracked", StringComparison.Ordinal) ? "a counter that older files lack" : null;

    /// <summary>Whether a tensor that the file lacks is zero by the layout's definition.</summary>
    public virtual bool IsZero(string target) => false;

    private sealed class Native : CheckpointNames
    {
        public override TensorMapping Map(string name) => new(name);
    }

    private sealed class Trades : CheckpointNames
    {
        public override TensorMapping Map(string name) => new(name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]);
    }

    private sealed class Underscores(IReadOnlyCollection<string> targets) : CheckpointNames
    {
        // A network's name may have underscores of its own.
        private readonly Dictionary<string, string> _targets = targets.ToDictionary(t => t.Replace('.', '_'), StringComparer.Ordinal);

        public override TensorMapping Map(string name) => new(_targets.GetValueOrDefault(name, name));
    }

    private sealed class Bert : CheckpointNames
    {
        private readonly bool _isBare;
        private readonly bool _needsPooler;
        private readonly HashSet<string> _targets;

        public Bert(torch.nn.Module module, IReadOnlyCollection<string> targets)
        {
            _targets = [.. targets];
            _isBare = module is BertEncoder;
            _needsPooler = module is not (MaskedLanguageModel or QuestionAnswering);
        }

        public override TensorMapping Map(string name)
        {
            string target = OldNorm().Replace(name, m => m.Groups["norm"].Value + (m.Groups["old"].Value == "gamma" ? "weight" : "bias"));
            bool isHead = Head().IsMatch(target);
            bool isPrefixed = target.StartsWith("bert.", StringComparison.Ordinal);
            if (target.EndsWith("embeddings.position_ids", StringComparison.Ordinal))
                return TensorMapping.Ignore("positions are counted");
            if (target is "cls.predictions.decoder.weight")
                return TensorMapping.Ignore("tied to the word embedding");
            if (target is "cls.predictions.decoder.bias")
                return TensorMapping.Ignore("the same as cls.predictions.bias");
            if (target.StartsWith("cls.seq_relationship.", StringComparison.Ordinal))
                return TensorMapping.Ignore("the head for the next sentence");
            if (isHead && (_isBare || !_targets.Any(t => t.StartsWith(target.Split('.')[0] + ".", StringComparison.Ordinal))))
                return TensorMapping.Ignore("another head");
            if (_isBare && isPrefixed)
                target = target["bert.".Length..];
            else if (!_isBare && !isPrefixed && !isHead)
                target = "bert." + target;
            if (target.Contains("pooler.", StringComparison.Ordinal) && !_targets.Contains(target))
                return TensorMapping.Ignore("the network has no pooler");
            return new(target);
        }

        public override string? Dispensable(string target) => !_needsPooler && target.StartsWith("bert.pooler.", StringComparison.Ordinal)
            ? "this model does not use the pooler"
            : base.Dispensable(target);
    }

    // See lucidrains/g-mlp-pytorch: every block is Residual(PreNorm(gMLPBlock)).
    private sealed class Lucidrains(IReadOnlyCollection<string> targets) : CheckpointNames
    {
        private readonly string _prefix = targets.Any(t => t.StartsWith("encoder.", StringComparison.Ordinal)) ? "encoder." : "";
        private readonly string? _head = targets.Where(t => t is "head.weight" or "cls.predictions.weight").Select(t => t[..^"weight".Length]).FirstOrDefault();

        public override TensorMapping Map(string name)
        {
            if (name == "to_embed.weight")
                return new(_prefix + "embed.weight");
            if (name.StartsWith("to_logits.0.", StringComparison.Ordinal))
                return new(_prefix + "norm." + name["to_logits.0.".Length..]);
            if (name.StartsWith("to_logits.1.", StringComparison.Ordinal))
                return _head is null ? TensorMapping.Ignore("the vocabulary head, which this network lacks or ties to the embedding") : new(_head + name["to_logits.1.".Length..]);
            if (Layer().Match(name) is not { Success: true } layer)
                return new(name);
            string block = $"{_prefix}blocks.{layer.Groups["i"].Value}.";
            return layer.Groups["rest"].Value switch
            {
                var norm when norm.StartsWith("norm.", StringComparison.Ordinal) => new(block + norm),
                "sgu.weight" => new(block + "mlp_channels.gate.proj.weight", "one head", WithoutOneHead),
                "sgu.bias" => new(block + "mlp_channels.gate.proj.bias", "one head", WithoutOneHead),
                var rest => new(block + "mlp_channels." + rest
                    .Replace("proj_in.0.", "fc1.", StringComparison.Ordinal)
                    .Replace("proj_out.", "fc2.", StringComparison.Ordinal)
                    .Replace("sgu.norm.", "gate.norm.", StringComparison.Ordinal)
                    .Replace("attn.to_qkv.", "attn.qkv.", StringComparison.Ordinal)
                    .Replace("attn.to_out.", "attn.proj.", StringComparison.Ordinal)),
            };
        }

        public override bool IsZero(string target) => target.EndsWith("attn.qkv.bias", StringComparison.Ordinal);

        private static long[] WithoutOneHead(long[] shape) => shape is [1, .. var rest] ? rest : shape;
    }

    private sealed class ResMlp : CheckpointNames
    {
        public override TensorMapping Map(string name)
        {
            string target = name.Replace("patch_embed.", "stem.", StringComparison.Ordinal)
                .Replace("attn.", "linear_tokens.", StringComparison.Ordinal)
                .Replace("mlp.", "mlp_channels.", StringComparison.Ordinal)
                .Replace("gamma_", "ls", StringComparison.Ordinal);
            bool isAffine = target.EndsWith(".alpha", StringComparison.Ordinal) || target.EndsWith(".beta", StringComparison.Ordinal);
            return isAffine ? new(target, "reshaped", shape => shape.Length == 1 ? [1, 1, shape[0]] : shape) : new(target);
        }
    }

    [GeneratedRegex(@"(?<norm>LayerNorm\.)(?<old>gamma|beta)$")]
    private static partial Regex OldNorm();

    [GeneratedRegex(@"^(cls|classifier|qa_outputs)\.")]
    private static partial Regex Head();

    // Residual(PreNorm(PreShiftTokens(gMLPBlock))); before version 0.1.5 there was no shift around the block.
    [GeneratedRegex(@"^layers\.(?<i>\d+)\.fn\.(fn\.(fn\.)?(?=proj_|sgu\.|attn\.))?(?<rest>(norm|proj_in|proj_out|sgu|attn)\..+)$")]
    private static partial Regex Layer();
}
