using Espalier.Errors;

namespace Espalier.Data.Tables;

/// <summary>One column of a CSV file while it is read. Its kind is decided over all cells before any value is taken.</summary>
internal sealed class CsvColumn
{
    private readonly HashSet<string>? _allowed;
    private readonly CellFormat _format;
    private readonly Dictionary<string, int> _categories = [];
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private ColumnKind? _kind;
    private double[] _numbers = [];
    private int[] _codes = [];
    private double _number;
    private string? _category;
    private int _code;

    // What the first pass sees: cells that are numbers, that are not, and that would be with the other decimal mark.
    private int _numberCells;
    private int _textCells;
    private int _otherMarkCells;
    private string _firstText = "";
    private string _firstPlace = "";

    private CsvColumn(string name, int position, ColumnKind? kind, IReadOnlyList<string>? allowed, CellFormat format)
    {
        (Name, Position, _kind, _format) = (name, position, kind, format);
        _allowed = allowed is null ? null : [.. allowed];
        _lookup = _categories.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public string Name { get; }

    public int Position { get; }

    public ColumnKind Kind => _kind ?? ColumnKind.Categorical;

    public bool IsUndecided => _kind is null;

    /// <summary>Whether the kind was found and not given.</summary>
    public bool IsInferred { get; private init; }

    public IEnumerable<string> Categories => _categories.Keys.Order(StringComparer.Ordinal);

    public int CategoryCount => _categories.Count;

    public static CsvColumn Undecided(string name, int position, CellFormat format) => new(name, position, null, null, format) { IsInferred = true };

    public static CsvColumn OfNumbers(string name, int position, CellFormat format) => new(name, position, ColumnKind.Numeric, null, format);

    public static CsvColumn OfCategories(string name, int position, CellFormat format, IReadOnlyList<string>? allowed = null)
        => new(name, position, ColumnKind.Categorical, allowed, format);

    /// <summary>The first pass: counts what a cell looks like.</summary>
    public void Look(ReadOnlySpan<char> value, CsvReader row, string source)
    {
        // Numbers are kept for the second pass, which then need not parse them again; NaN stands for what it must look at.
        if (_textCells == 0 && row.Row > _numbers.Length)
            Array.Resize(ref _numbers, Math.Max(256, 2 * row.Row));
        bool isMissing = _format.IsMissing(value);
        double number = double.NaN;
        bool isNumber = !isMissing && _format.TryNumber(value, out number);
        if (_textCells == 0)
            _numbers[row.Row - 1] = isNumber ? number : double.NaN;
        if (isMissing)
            return;
        if (isNumber)
        {
            _numberCells++;
            return;
        }

        _numbers = _textCells == 0 ? [] : _numbers;

        if (_textCells++ == 0)
            (_firstText, _firstPlace) = (value.ToString(), CsvReader.Place(source, row.Line, row.Row));
        if (_format.IsOtherNumber(value))
            _otherMarkCells++;
    }

    /// <summary>Decides what an undecided column holds.</summary>
    /// <returns>What to warn of, or null.</returns>
    /// <exception cref="DataException">Its cells are partly numbers and partly not.</exception>
    public string? Decide()
    {
        int all = _numberCells + _textCells;
        _kind ??= _textCells == 0 ? ColumnKind.Numeric : ColumnKind.Categorical;
        if (!IsInferred || _textCells == 0)
            return null;
        string where = $"{_firstPlace}, column '{Name}'";
        if (_otherMarkCells == _textCells)
            throw new DataException(where, $"'{_firstText}' has the decimal mark '{_format.OtherMark}', as {_otherMarkCells} of {all} cells have",
                $"set the option decimalMark to '{_format.OtherMark}', or name the column as categorical");
        if (_numberCells == 0)
            return null;
        if (_numberCells >= _textCells)
            throw new DataException(where, $"'{_firstText}' is not a number, as {_numberCells} of {all} cells are", "mend the value, or name the column as categorical");
        return $"column '{Name}' holds categories: only {_numberCells} of {all} cells are numbers";
    }

    /// <summary>Makes room for the values of the second pass.</summary>
    public void Reserve(int rows)
    {
        if (Kind == ColumnKind.Categorical)
            _codes = new int[rows];
        else if (_numbers.Length < rows)
            _numbers = new double[rows];
    }

    /// <summary>The second pass where the first has parsed the cell: takes the number that it found.</summary>
    /// <param name="row">The row in the file, from 0; at or after the next one to be kept.</param>
    /// <returns>Whether there was a finite one; else the cell must be looked at.</returns>
    public bool TakeNumber(int row)
    {
        if (!IsInferred || Kind != ColumnKind.Numeric || !double.IsFinite(_numbers[row]))
            return false;
        _number = _numbers[row];
        return true;
    }

    /// <summary>The second pass: takes a cell, which <see cref="Keep"/> then stores.</summary>
    /// <returns>What is wrong with it and how to mend it, or null.</returns>
    public (string Problem, string Remedy)? Take(ReadOnlySpan<char> value)
    {
        if (_format.IsMissing(value))
            return (value.IsEmpty ? "the value is missing" : $"the value is missing ('{value}')", "fill it in, or leave the row or the column out");
        if (Kind == ColumnKind.Numeric)
        {
            if (!_format.TryNumber(value, out _number))
                return ($"'{value}' is not a number", _format.IsOtherNumber(value) ? $"set the option decimalMark to '{_format.OtherMark}'" : "mend the value, or name the column as categorical");
            return double.IsFinite(_number) ? null : ($"'{value}' is not finite", "mend the value or leave the row out");
        }

        if (_lookup.TryGetValue(value, out _code))
            return null;
        string category = value.ToString();
        if (_allowed is not null && !_allowed.Contains(category))
            return ($"'{category}' is not a known category", Suggestion.For(category, _allowed));
        (_category, _code) = (category, -1);
        return null;
    }

    /// <summary>Stores the cell taken last as a row's.</summary>
    public void Keep(int row)
    {
        if (Kind == ColumnKind.Numeric)
        {
            _numbers[row] = _number;
            return;
        }

        if (_code < 0)
            _categories.Add(_category!, _code = _categories.Count);
        _codes[row] = _code;
    }

    /// <summary>The column as part of a schema.</summary>
    /// <param name="rows">How many rows were kept.</param>
    public TabularColumn Describe(int rows) => Kind == ColumnKind.Numeric
        ? new TabularColumn(Name, ColumnKind.Numeric, _numbers.Take(rows).Min(), _numbers.Take(rows).Max(), [])
        : new TabularColumn(Name, ColumnKind.Categorical, 0, 1, [.. Categories]);

    /// <summary>Writes the column's features into a row-major table.</summary>
    public void Fill(Span<double> table, int rows, int feature, int width, IReadOnlyList<string> categories)
    {
        if (Kind == ColumnKind.Numeric)
        {
            for (int row = 0; row < rows; row++)
                table[(row * width) + feature] = _numbers[row];
            return;
        }

        long[] positions = Positions(rows, categories);
        for (int row = 0; row < rows; row++)
            table[(row * width) + feature + (int)positions[row]] = 1;
    }

    /// <summary>Each row's category as its position in a list.</summary>
    public long[] Positions(int rows, IReadOnlyList<string> categories)
    {
        var order = categories.Select((c, i) => (c, i)).ToDictionary(p => p.c, p => p.i);
        int[] byCode = new int[_categories.Count];
        foreach ((string category, int code) in _categories)
            byCode[code] = order[category];
        long[] positions = new long[rows];
        for (int row = 0; row < rows; row++)
            positions[row] = byCode[_codes[row]];
        return positions;
    }

    /// <summary>Each row's category.</summary>
    public string[] Texts(int rows)
    {
        string[] byCode = new string[_categories.Count];
        foreach ((string category, int code) in _categories)
            byCode[code] = category;
        string[] texts = new string[rows];
        for (int row = 0; row < rows; row++)
            texts[row] = byCode[_codes[row]];
        return texts;
    }
}
