namespace Espalier.Tests.Anomaly;

/// <summary>
/// 60 rows of 4 columns that Python makes alike: fractional parts of (i+1)·√2, √3, √5, √7 times 1, 2, 4, 1, half of the first column
/// added to the last, and two rows that are unusual. The expected values of the tests come from scikit-learn 1.2.1 and NumPy.
/// </summary>
internal static class ReferenceTable
{
    public const int Count = 60;

    public static double[,] Rows { get; } = Make();

    public static double[,] Queries { get; } = { { 0.5, 1, 2, 0.7 }, { 2, 2, 2, 2 }, { -1, 0, 5, 1 } };

    /// <summary>The rows that the reference values are of: the first three and the last two.</summary>
    public static int[] Sampled { get; } = [0, 1, 2, Count - 2, Count - 1];

    private static double[,] Make()
    {
        double[] roots = [Math.Sqrt(2), Math.Sqrt(3), Math.Sqrt(5), Math.Sqrt(7)];
        double[] scale = [1, 2, 4, 1];
        double[,] rows = new double[Count, 4];
        for (int i = 0; i < Count; i++)
        {
            for (int j = 0; j < 4; j++)
            {
                double value = (i + 1) * roots[j];
                rows[i, j] = (value - Math.Truncate(value)) * scale[j];
            }

            rows[i, 3] += rows[i, 0] * 0.5;
        }

        double[][] unusual = [[0.5, 1, 2, 2.5], [3, 5, -2, 4]];
        for (int i = 0; i < 2; i++)
        {
            for (int j = 0; j < 4; j++)
                rows[Count - 2 + i, j] = unusual[i][j];
        }

        return rows;
    }
}
