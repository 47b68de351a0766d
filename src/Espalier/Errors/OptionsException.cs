using System.Globalization;

namespace Espalier.Errors;

/// <summary>An option has a value outside its range, or two options exclude each other.</summary>
public sealed class OptionsException : EspalierException
{
    /// <summary>Creates the error.</summary>
    /// <param name="option">The option's name, as a recipe writes it (<c>train.batchSize</c>).</param>
    /// <param name="value">The refused value.</param>
    /// <param name="allowed">What is allowed, such as <c>must be at least 1</c>.</param>
    public OptionsException(string option, object? value, string allowed)
        : base(string.Create(CultureInfo.InvariantCulture, $"option '{option}' is {Show(value)}"), allowed)
    {
        Option = option;
        Value = value;
        Allowed = allowed;
    }

    /// <summary>The option's name.</summary>
    public string Option { get; }

    /// <summary>The refused value.</summary>
    public object? Value { get; }

    /// <summary>What is allowed.</summary>
    public string Allowed { get; }

    private static string Show(object? value) => value switch
    {
        null => "missing",
        string text => $"\"{text}\"",
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "missing",
    };

    /// <summary>Throws unless the condition holds.</summary>
    /// <param name="holds">The condition.</param>
    /// <param name="option">The option's name; <c>nameof(Property)</c> is turned into recipe casing.</param>
    /// <param name="value">Its value.</param>
    /// <param name="allowed">What is allowed.</param>
    /// <exception cref="OptionsException">The condition does not hold.</exception>
    public static void Require(bool holds, string option, object? value, string allowed)
    {
        if (!holds)
            throw new OptionsException(char.ToLowerInvariant(option[0]) + option[1..], value, allowed);
    }

    /// <summary>The same error one level up: the option's name gets a prefix (<c>train.</c>).</summary>
    /// <param name="section">The prefix, without the dot.</param>
    public OptionsException Under(string section) => new($"{section}.{Option}", Value, Allowed);

    /// <summary>Runs a check; an option it refuses is named with the section it stands in.</summary>
    /// <param name="section">The section, such as <c>train</c>.</param>
    /// <param name="check">Usually an options record's <c>Validate</c>.</param>
    /// <exception cref="OptionsException">The check refused an option.</exception>
    public static void Within(string section, Action check) => Within(section, () =>
    {
        check();
        return true;
    });

    /// <summary>Does something with a section's options; an option it refuses is named with the section it stands in.</summary>
    /// <param name="section">The section, such as <c>model</c>.</param>
    /// <param name="work">What is done.</param>
    /// <returns>What <paramref name="work"/> gave.</returns>
    /// <exception cref="OptionsException">The work refused an option.</exception>
    public static T Within<T>(string section, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (OptionsException error)
        {
            throw error.Under(section);
        }
    }
}
