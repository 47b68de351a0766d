using System.Diagnostics.CodeAnalysis;
using Espalier.Errors;

namespace Espalier.Components;

/// <summary>Things that have names, such as tasks, stages or data sets: found by name, listed in the order in which they were added. Open: anyone may add.</summary>
/// <typeparam name="T">What is kept.</typeparam>
/// <param name="kind">What one of them is called in messages, such as <c>stage</c>.</param>
/// <param name="nameOf">Its name; names differ without regard to case.</param>
public sealed class Catalog<T>(string kind, Func<T, string> nameOf)
    where T : class
{
    private readonly List<T> _items = [];
    private readonly Dictionary<string, T> _byName = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>All of them, in the order in which they were added.</summary>
    public IReadOnlyList<T> Items => _items;

    /// <summary>The names, in the order in which they were added.</summary>
    public IEnumerable<string> Names => _items.Select(nameOf);

    /// <summary>Adds one.</summary>
    /// <param name="item">What is added.</param>
    /// <exception cref="OptionsException">The name is empty or taken.</exception>
    public void Add(T item)
    {
        string name = nameOf(item);
        OptionsException.Require(!string.IsNullOrWhiteSpace(name), kind, name, "must have a name");
        OptionsException.Require(_byName.TryAdd(name, item), kind, name, $"is the name of another {kind} already: choose another one");
        _items.Add(item);
    }

    /// <summary>Finds one by name.</summary>
    /// <exception cref="NotFoundException">There is none of that name; the message says which are near.</exception>
    public T Find(string name) => TryFind(name, out T? found) ? found : throw new NotFoundException(kind, name, [.. Names]);

    /// <summary>Finds one by name, or none.</summary>
    public bool TryFind(string name, [NotNullWhen(true)] out T? found) => _byName.TryGetValue(name, out found);
}
