using System.Globalization;
using Espalier.Errors;


namespace Espalier.Robustness.Policies;

/// <summary>One stage of a policy.</summary>
public sealed record PolicyStage
{
    /// <summary>The attack's name in <see cref="AttackCatalog"/>, such as <c>mt</c>.</summary>
    public string Attack { get; init; } = "";

    /// <summary>The stage's radius as a share of the policy's, in (0, 1].</summary>
    public double Share { get; init; } = 1;

    /// <summary>Steps; the attack's own number where null.</summary>
    public int? Steps { get; init; }

    /// <summary>What else the attack is told, such as <c>targets</c>, by the names that <see cref="AttackInfo.Settings"/> lists.</summary>
    public IReadOnlyDictionary<string, double> Settings { get; init; } = new Dictionary<string, double>();

    /// <summary>Checks the stage.</summary>
    /// <exception cref="NotFoundException">There is no attack of that name, or it has no such setting.</exception>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        AttackInfo info = AttackCatalog.Find(Attack);
        OptionsException.Require(Share is > 0 and <= 1, "eps", Share, "must lie in (0, 1]: it is the share of the radius");
        OptionsException.Require(Steps is null or >= 1, "t", Steps, "must be at least 1");
        foreach (string name in Settings.Keys)
        {
            if (!info.Settings.Contains(name))
                throw new NotFoundException($"setting of {Attack}", name, info.Settings);
        }
    }

    /// <summary>The stage as a policy's text has it.</summary>
    public override string ToString()
    {
        var arguments = new List<string>();
        if (Share != 1)
            arguments.Add(string.Create(CultureInfo.InvariantCulture, $"eps={Share:R}"));
        if (Steps is { } steps)
            arguments.Add(string.Create(CultureInfo.InvariantCulture, $"t={steps}"));
        arguments.AddRange(Settings.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Key}={s.Value:R}")));
        return arguments.Count == 0 ? Attack : $"{Attack}({string.Join(", ", arguments)})";
    }

    /// <inheritdoc/>
    public bool Equals(PolicyStage? other) => other is not null && ToString() == other.ToString();

    /// <inheritdoc/>
    public override int GetHashCode() => ToString().GetHashCode(StringComparison.Ordinal);

}
