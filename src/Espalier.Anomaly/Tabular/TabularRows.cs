using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>Rows of a table in one piece of memory, row after row.</summary>
/// <param name="values">[rows × width].</param>
/// <param name="width">Columns.</param>
internal sealed class TabularRows(double[] values, int width)
{
    public double[] Values { get; } = values;

    public int Width { get; } = width;

    public int Count { get; } = width == 0 ? 0 : values.Length / width;

    public ReadOnlySpan<double> this[int row] => Values.AsSpan(row * Width, Width);

    /// <summary>Takes a copy of an array.</summary>
    public static TabularRows Of(double[,] rows)
    {
        double[] values = new double[rows.Length];
        Buffer.BlockCopy(rows, 0, values, 0, rows.Length * sizeof(double));
        return new(values, rows.GetLength(1));
    }

    /// <summary>Takes a copy of a tensor of any kind of number.</summary>
    /// <exception cref="ShapeException">It is no table.</exception>
    public static TabularRows Of(Tensor rows)
    {
        if (rows.dim() != 2)
            throw new ShapeException("rows", rows.shape, "[rows, columns]");
        using var scope = torch.NewDisposeScope();
        double[] values = rows.detach().cpu().to(torch.float64).contiguous().data<double>().ToArray();
        return new(values, checked((int)rows.shape[1]));
    }

    /// <summary>Some of the columns, each moved and divided.</summary>
    public TabularRows Select(int[] columns, double[] shift, double[] divisor)
    {
        double[] selected = new double[Count * columns.Length];
        for (int row = 0, at = 0; row < Count; row++)
        {
            ReadOnlySpan<double> source = this[row];
            for (int j = 0; j < columns.Length; j++)
                selected[at++] = (source[columns[j]] - shift[j]) / divisor[j];
        }

        return new(selected, columns.Length);
    }

    /// <summary>Some of the rows.</summary>
    public TabularRows Take(ReadOnlySpan<int> rows)
    {
        double[] taken = new double[rows.Length * Width];
        for (int i = 0; i < rows.Length; i++)
            this[rows[i]].CopyTo(taken.AsSpan(i * Width));
        return new(taken, Width);
    }

    /// <summary>One column.</summary>
    public double[] Column(int column)
    {
        double[] values = new double[Count];
        for (int row = 0; row < Count; row++)
            values[row] = Values[row * Width + column];
        return values;
    }

    /// <summary>[rows, columns], float64, in the caller's dispose scope.</summary>
    public Tensor ToTensor() => AlignedTensor.Of(Values, Count, Width);
}
