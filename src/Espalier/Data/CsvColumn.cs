using System.Globalization;

namespace Espalier.Data;

/// <summary>One column of a CSV file while it is read.</summary>
internal sealed class CsvColumn
{
    private static readonly string[] MissingMarks = ["", "?", "NA", "N/A", "NaN", "null"];
    private readonly HashSet<string>? _allowed;
    private readonly List<float> _numbers = [];
    private readonly List<int> _codes = [];
    private readonly Dictionary<string, int> _categories = [];
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private ColumnKind? _kind;

    private CsvColumn(string name, int position, ColumnKind? kind, IReadOnlyList<string>? allowed)
    {
        (Name, Position, _kind) = (name, position, kind);
        _allowed = allowed is null ? null : [.. allowed];
        _lookup = _categories.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public string Name { get; }

    public int Position { get; }

    public IEnumerable<string> Categories => _categories.Keys.Order(StringComparer.Ordinal);

    public static CsvColumn Undecided(string name, int position) => new(name, position, null, null);

    public static CsvColumn OfNumbers(string name, int position) => new(name, position, ColumnKind.Numeric, null);

    public static CsvColumn OfCategories(string name, int position, IReadOnlyList<string>? allowed = null)
        => new(name, position, ColumnKind.Categorical, allowed);

    public void Add(ReadOnlySpan<char> cell, string source, int line)
    {
        ReadOnlySpan<char> value = cell.Trim();
        foreach (string mark in MissingMarks)
        {
            if (value.Equals(mark, StringComparison.OrdinalIgnoreCase))
                throw Bad(source, line, value.IsEmpty ? "the value is missing" : $"the value is missing ('{value}')", "fill it in, or leave the row or the column out");
        }

        bool isNumber = float.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out float number);
        _kind ??= isNumber ? ColumnKind.Numeric : ColumnKind.Categorical;
        if (_kind == ColumnKind.Numeric)
            AddNumber(value, isNumber, number, source, line);
        else
            AddCategory(value, source, line);
    }

    public TabularColumn Describe() => _kind == ColumnKind.Numeric
        ? new TabularColumn(Name, ColumnKind.Numeric, _numbers.Min(), _numbers.Max(), [])
        : new TabularColumn(Name, ColumnKind.Categorical, 0, 1, [.. Categories]);

    /// <summary>Writes the column's features into a row-major table.</summary>
    public void Fill(float[] table, int feature, int width, IReadOnlyList<string> categories)
    {
        if (_kind == ColumnKind.Numeric)
        {
            for (int row = 0; row < _numbers.Count; row++)
                table[(row * width) + feature] = _numbers[row];
            return;
        }

        long[] positions = Positions(categories);
        for (int row = 0; row < positions.Length; row++)
            table[(row * width) + feature + positions[row]] = 1;
    }

    /// <summary>Each row's category as its position in a list.</summary>
    public long[] Positions(IReadOnlyList<string> categories)
    {
        var order = categories.Select((c, i) => (c, i)).ToDictionary(p => p.c, p => p.i);
        int[] byCode = new int[_categories.Count];
        foreach ((string category, int code) in _categories)
            byCode[code] = order[category];
        long[] positions = new long[_codes.Count];
        for (int row = 0; row < positions.Length; row++)
            positions[row] = byCode[_codes[row]];
        return positions;
    }

    private void AddNumber(ReadOnlySpan<char> value, bool isNumber, float number, string source, int line)
    {
        if (!isNumber)
            throw Bad(source, line, $"'{value}' is not a number", "mend the value, or name the column as categorical");
        if (!float.IsFinite(number))
            throw Bad(source, line, $"'{value}' is not finite", "mend the value or leave the row out");
        _numbers.Add(number);
    }

    private void AddCategory(ReadOnlySpan<char> value, string source, int line)
    {
        if (!_lookup.TryGetValue(value, out int code))
        {
            string category = value.ToString();
            if (_allowed is not null && !_allowed.Contains(category))
                throw Bad(source, line, $"'{category}' is not a known category", Suggestion.For(category, _allowed));
            code = _categories.Count;
            _categories.Add(category, code);
        }

        _codes.Add(code);
    }

    private DataException Bad(string source, int line, string problem, string remedy)
        => new($"{source}, line {line}, column '{Name}'", problem, remedy);
}
