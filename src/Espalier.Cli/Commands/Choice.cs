using System.Text.Json;
using Espalier.Errors;

namespace Espalier.Cli.Commands;

/// <summary>Reads an option that takes one of a few words, spelt as in recipes, case aside.</summary>
internal static class Choice
{
    /// <summary>The value that a word stands for, or null where the option was left out.</summary>
    /// <param name="option">The option's name, without dashes.</param>
    /// <param name="word">What was given.</param>
    /// <exception cref="OptionsException">The word stands for nothing; the message names those that do.</exception>
    public static T? Parse<T>(string option, string? word)
        where T : struct, Enum
    {
        if (word is null)
            return null;
        string[] names = Enum.GetNames<T>();
        string? name = names.FirstOrDefault(n => n.Equals(word, StringComparison.OrdinalIgnoreCase));
        return name is not null
            ? Enum.Parse<T>(name)
            : throw new OptionsException(option, word, $"must be one of {string.Join(", ", names.Select(JsonNamingPolicy.CamelCase.ConvertName))}");
    }
}
