namespace Espalier.Data.Tables;

/// <summary>A row of a table that was not read.</summary>
/// <param name="Row">Its number in the file, from 0: the index that the row would have.</param>
/// <param name="Line">The line that it begins with, from 1.</param>
/// <param name="Problem">What is wrong with it.</param>
public sealed record LeftOutRow(int Row, long Line, string Problem);
