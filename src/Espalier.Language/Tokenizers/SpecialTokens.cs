using Espalier.Data.Text;
using Espalier.Errors;

namespace Espalier.Language.Tokenizers;

/// <summary>The ids of the special tokens that a tokenizer has.</summary>
public sealed class SpecialTokens
{
    private readonly Dictionary<SpecialToken, int> _ids;
    private readonly Dictionary<int, SpecialToken> _tokens;

    /// <summary>Special tokens under ids of their own choice.</summary>
    /// <param name="ids">Token and id.</param>
    public SpecialTokens(IReadOnlyDictionary<SpecialToken, int> ids)
    {
        _ids = new(ids);
        _tokens = ids.GroupBy(i => i.Value).ToDictionary(g => g.Key, g => g.First().Key);
    }

    /// <summary>None.</summary>
    public static SpecialTokens None { get; } = new(new Dictionary<SpecialToken, int>());

    /// <summary>How many there are.</summary>
    public int Count => _ids.Count;

    /// <summary>Those there are, in the order of <see cref="SpecialToken"/>.</summary>
    public IEnumerable<SpecialToken> Tokens => _ids.Keys.Order();

    /// <summary>The id of <c>[PAD]</c>, or null.</summary>
    public int? Pad => this[SpecialToken.Pad];

    /// <summary>The id of <c>[UNK]</c>, or null.</summary>
    public int? Unknown => this[SpecialToken.Unknown];

    /// <summary>The id of <c>[CLS]</c>, or null.</summary>
    public int? Class => this[SpecialToken.Class];

    /// <summary>The id of <c>[SEP]</c>, or null.</summary>
    public int? Separator => this[SpecialToken.Separator];

    /// <summary>The id of <c>[MASK]</c>, or null.</summary>
    public int? Mask => this[SpecialToken.Mask];

    /// <summary>The id of a special token, or null where there is none.</summary>
    /// <param name="token">Which.</param>
    public int? this[SpecialToken token] => _ids.TryGetValue(token, out int id) ? id : null;

    /// <summary>Special tokens behind ordinary ones, in the order of <see cref="SpecialToken"/>.</summary>
    /// <param name="ordinary">Number of ordinary tokens.</param>
    /// <param name="tokens">Which there are to be; repetition does not matter.</param>
    public static SpecialTokens Behind(int ordinary, IEnumerable<SpecialToken> tokens)
        => new(tokens.Distinct().Order().Select((t, i) => (t, i)).ToDictionary(p => p.t, p => ordinary + p.i));

    /// <summary>Whether an id is a special token's.</summary>
    /// <param name="id">The id.</param>
    public bool Contains(int id) => _tokens.ContainsKey(id);

    /// <summary>How a special token is written, such as <c>[MASK]</c>; null for ordinary ones.</summary>
    /// <param name="id">The id.</param>
    public string? NameOf(int id) => _tokens.TryGetValue(id, out SpecialToken token) ? NameOf(token) : null;

    /// <summary>How a special token is written.</summary>
    /// <param name="token">Which.</param>
    public static string NameOf(SpecialToken token) => token switch
    {
        SpecialToken.Pad => "[PAD]",
        SpecialToken.Unknown => "[UNK]",
        SpecialToken.Class => "[CLS]",
        SpecialToken.Separator => "[SEP]",
        _ => "[MASK]",
    };

    /// <summary>The id of a special token that is needed.</summary>
    /// <param name="token">Which.</param>
    /// <param name="why">What needs it, for the message.</param>
    /// <exception cref="OptionsException">The tokenizer has none.</exception>
    public int Require(SpecialToken token, string why) => this[token]
        ?? throw new OptionsException("tokenizer.specials", Count == 0 ? "empty" : string.Join(", ", Tokens.Select(NameOf)), $"must hold {NameOf(token)} for {why}");
}
