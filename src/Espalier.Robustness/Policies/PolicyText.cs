using System.Globalization;
using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Policies;

/// <summary>
/// Reads policies: <c>policy := stage (("->" | ">" | "→") stage)*</c>, or <c>"|"</c> between all stages for an ensemble;
/// <c>stage := name ["-Linf" | "-L2" | "-L1" | "-L0"] ["(" argument ("," argument)* ")"]</c>; <c>argument := number | name "=" number</c>.
/// The first two bare numbers are the radius in the inputs' unit and the steps; <c>eps=</c> is a share of the policy's radius.
/// </summary>
internal sealed class PolicyText
{
    private static readonly (string Ending, Norm Norm)[] s_norms = [("-linf", Norm.LInf), ("-l2", Norm.L2), ("-l1", Norm.L1), ("-l0", Norm.L0)];

    private readonly string _text;
    private int _position;
    private Norm? _norm;
    private ChainMode? _mode;
    private readonly List<PolicyStage> _stages = [];
    private readonly List<double?> _absolute = [];

    private PolicyText(string text) => _text = text;

    /// <summary>Reads a policy.</summary>
    /// <param name="text">Its text.</param>
    /// <exception cref="PolicySyntaxException">It cannot be read.</exception>
    /// <exception cref="NotFoundException">It names an attack that does not exist.</exception>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public static AttackPolicy Read(string text) => new PolicyText(text).Read();

    private AttackPolicy Read()
    {
        Stage();
        while (SkipSpace() < _text.Length)
        {
            Separator();
            Stage();
        }

        // Radii in the inputs' unit become shares of the largest.
        double? epsilon = _absolute.Max();
        for (int i = 0; i < _stages.Count; i++)
        {
            if (_absolute[i] is { } radius)
                _stages[i] = _stages[i] with { Share = epsilon == 0 ? 1 : radius / epsilon!.Value };
        }

        var policy = new AttackPolicy { Stages = [.. _stages], Norm = _norm, Epsilon = epsilon, Mode = _mode ?? ChainMode.Best };
        policy.Validate();
        return policy;
    }

    private void Separator()
    {
        int at = _position;
        string found = _text[at..].StartsWith("->", StringComparison.Ordinal) ? "->" : _text[at..(at + 1)];
        ChainMode mode = found switch
        {
            "->" or ">" or "→" => ChainMode.Best,
            "|" => ChainMode.Union,
            _ => throw Error("-> between stages, or | for an ensemble"),
        };
        if (_mode is not null && _mode != mode)
            throw Error("one kind of separator: -> chains stages, | makes an ensemble of them");
        (_mode, _position) = (mode, at + found.Length);
    }

    private void Stage()
    {
        SkipSpace();
        int start = _position;
        string name = Word();
        if (name.Length == 0)
            throw Error("the name of an attack");
        foreach ((string ending, Norm norm) in s_norms)
        {
            if (!name.EndsWith(ending, StringComparison.Ordinal) || AttackCatalog.Has(name))
                continue;
            if (_norm is not null && _norm != norm)
            {
                _position = start;
                throw Error($"an attack in {_norm}: the stages of a policy share one norm");
            }

            (_norm, name) = (norm, name[..^ending.Length]);
            break;
        }

        _stages.Add(new PolicyStage { Attack = name });
        _absolute.Add(null);
        if (SkipSpace() >= _text.Length || _text[_position] != '(')
            return;
        _position++;
        int bare = 0;
        do
        {
            Argument(ref bare);
            SkipSpace();
        }
        while (Take(','));
        if (!Take(')'))
            throw Error("a comma or a closing bracket");
    }

    private void Argument(ref int bare)
    {
        SkipSpace();
        int start = _position;
        string name = Word();
        if (name.Length > 0)
        {
            SkipSpace();
            if (!Take('='))
                throw Error("= and a number");
        }

        double value = Number();
        PolicyStage stage = _stages[^1];
        switch (name, bare)
        {
            case ("", 0) or ("epsilon", _):
                _absolute[^1] = value;
                break;
            case ("", 1) or ("t" or "steps", _):
                _stages[^1] = stage with { Steps = Whole(value, start) };
                break;
            case ("eps", _):
                _stages[^1] = stage with { Share = value };
                break;
            case ("", _):
                _position = start;
                throw Error("at most two bare numbers, the radius and the steps");
            default:
                _stages[^1] = stage with { Settings = new Dictionary<string, double>(stage.Settings) { [name] = value } };
                break;
        }

        if (name.Length == 0)
            bare++;
    }

    private int Whole(double value, int start)
    {
        if (value == Math.Floor(value) && value is >= 0 and <= int.MaxValue)
            return (int)value;
        _position = start;
        throw Error("a whole number of steps");
    }

    private double Number()
    {
        double value = Plain();
        SkipSpace();
        if (!Take('/'))
            return value;
        SkipSpace();
        double divisor = Plain();
        return divisor == 0 ? throw Error("a divisor other than 0") : value / divisor;
    }

    private double Plain()
    {
        int start = _position;
        while (_position < _text.Length && (char.IsAsciiDigit(_text[_position]) || _text[_position] is '.' or 'e' or 'E'
            || (_text[_position] is '+' or '-' && _position > start && _text[_position - 1] is 'e' or 'E')))
            _position++;
        if (double.TryParse(_text.AsSpan(start, _position - start), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value))
            return value;
        _position = start;
        throw Error("a number");
    }

    private string Word()
    {
        int start = _position;
        if (start >= _text.Length || !char.IsAsciiLetter(_text[start]))
            return "";
        while (_position < _text.Length && (char.IsAsciiLetterOrDigit(_text[_position]) || _text[_position] == '_'
            || (_text[_position] == '-' && _position + 1 < _text.Length && char.IsAsciiLetterOrDigit(_text[_position + 1]))))
            _position++;
        return _text[start.._position].ToLowerInvariant();
    }

    private bool Take(char wanted)
    {
        if (_position >= _text.Length || _text[_position] != wanted)
            return false;
        _position++;
        return true;
    }

    private int SkipSpace()
    {
        while (_position < _text.Length && char.IsWhiteSpace(_text[_position]))
            _position++;
        return _position;
    }

    private PolicySyntaxException Error(string expected) => new(_text, _position, expected);
}
