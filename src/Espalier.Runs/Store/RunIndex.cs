using System.Globalization;
using Espalier.Errors;
using Microsoft.Data.Sqlite;

namespace Espalier.Runs.Store;

/// <summary>
/// The runs of a root folder, in a SQLite file beside them (<c>index.db</c>) so that thousands list at once. The folders
/// are the truth: a missing or stale row is mended, a deleted folder vanishes, a damaged index is built anew.
/// </summary>
public sealed class RunIndex : IDisposable
{
    private const int SchemaVersion = 1;
    private const int Corrupt = 11;
    private const int NotADatabase = 26;
    private static readonly string[] StampedFiles = ["run.json", "summary.json"];
    private readonly string _root;
    private readonly SqliteConnection _database;

    /// <summary>Opens the index; it is created where missing.</summary>
    /// <param name="root">The folder of runs; created where missing.</param>
    /// <exception cref="DataException">The index cannot be opened.</exception>
    public RunIndex(string root)
    {
        _root = Path.GetFullPath(root);
        Directory.CreateDirectory(_root);
        try
        {
            _database = Connect();
        }
        catch (SqliteException error) when (error.SqliteErrorCode is Corrupt or NotADatabase)
        {
            File.Delete(DatabasePath);
            _database = Connect();
        }
        catch (SqliteException error)
        {
            throw new DataException(DatabasePath, $"cannot be opened ({error.Message})", "check that the folder can be written and no other program holds the file", error);
        }
    }

    /// <summary>The index's file.</summary>
    public string DatabasePath => Path.Combine(_root, "index.db");

    /// <summary>Runs that cannot be read, as of the last synchronization: one line each.</summary>
    public IReadOnlyList<string> Problems { get; private set; } = [];

    /// <summary>Makes the index say what the folders say.</summary>
    public void Synchronize()
    {
        var problems = new List<string>();
        using SqliteTransaction transaction = _database.BeginTransaction();
        Dictionary<string, string> known = [];
        using (SqliteCommand command = Command("SELECT folder, stamp FROM runs"))
        using (SqliteDataReader reader = command.ExecuteReader())
        {
            while (reader.Read())
                known[reader.GetString(0)] = reader.GetString(1);
        }

        foreach (string folder in Run.FoldersUnder(_root))
        {
            string name = Path.GetFileName(folder);
            string stamp = Stamp(folder);
            bool isFresh = known.Remove(name, out string? before) && before == stamp;
            if (isFresh)
                continue;
            try
            {
                Forget(name);
                Add(folder, name, stamp);
            }
            catch (DataException error)
            {
                problems.Add(error.Message);
            }
        }

        foreach (string gone in known.Keys)
            Forget(gone);
        transaction.Commit();
        Problems = problems;
    }

    /// <summary>The runs, newest first; synchronizes before.</summary>
    /// <param name="name">Only runs whose name or folder holds this text, whatever its case; all where null.</param>
    public IReadOnlyList<RunRow> List(string? name = null)
    {
        Synchronize();
        var summaries = new Dictionary<string, SortedDictionary<string, double>>();
        using (SqliteCommand command = Command("SELECT folder, metric, value FROM summaries"))
        using (SqliteDataReader reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                if (!summaries.TryGetValue(reader.GetString(0), out SortedDictionary<string, double>? values))
                    summaries[reader.GetString(0)] = values = new(StringComparer.Ordinal);
                values[reader.GetString(1)] = reader.GetDouble(2);
            }
        }

        var rows = new List<RunRow>();
        using (SqliteCommand command = Command("SELECT folder, name, kind, status, created FROM runs ORDER BY created DESC, folder DESC"))
        using (SqliteDataReader reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                string folder = reader.GetString(0);
                if (name is not null && !reader.GetString(1).Contains(name, StringComparison.OrdinalIgnoreCase) && !folder.Contains(name, StringComparison.OrdinalIgnoreCase))
                    continue;
                rows.Add(new RunRow(Path.Combine(_root, folder), reader.GetString(1), reader.GetString(2), Enum.Parse<RunStatus>(reader.GetString(3)),
                    DateTime.Parse(reader.GetString(4), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind),
                    summaries.TryGetValue(folder, out SortedDictionary<string, double>? values) ? values : new SortedDictionary<string, double>()));
            }
        }

        return rows;
    }

    /// <summary>The numbers of several runs side by side, with the differences from the first.</summary>
    /// <param name="runs">The runs, the one to compare with first.</param>
    /// <returns>One row per number that any of the runs has, in ordinal order.</returns>
    public static IReadOnlyList<ComparedValue> Compare(IReadOnlyList<RunRow> runs)
    {
        var compared = new List<ComparedValue>();
        foreach (string name in runs.SelectMany(r => r.Summary.Keys).Distinct().Order(StringComparer.Ordinal))
        {
            double?[] values = [.. runs.Select(r => r.Summary.TryGetValue(name, out double v) ? v : (double?)null)];
            compared.Add(new ComparedValue(name, values, [.. values.Select(v => v - values[0])]));
        }

        return compared;
    }

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    private SqliteConnection Connect()
    {
        // Without pooling the file is free as soon as the index is disposed.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = DatabasePath, Pooling = false }.ToString());
        try
        {
            connection.Open();
            using SqliteCommand version = connection.CreateCommand();
            version.CommandText = "PRAGMA user_version";
            long found = (long)version.ExecuteScalar()!;
            using SqliteCommand create = connection.CreateCommand();
            // Another version of the schema: everything in it can be read from the folders again.
            create.CommandText = (found == SchemaVersion ? "" : "DROP TABLE IF EXISTS runs; DROP TABLE IF EXISTS summaries;") + $"""
                CREATE TABLE IF NOT EXISTS runs (folder TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, created TEXT NOT NULL, stamp TEXT NOT NULL);
                CREATE TABLE IF NOT EXISTS summaries (folder TEXT NOT NULL, metric TEXT NOT NULL, value REAL NOT NULL, PRIMARY KEY (folder, metric));
                PRAGMA user_version = {SchemaVersion};
                """;
            create.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static string Stamp(string folder) => string.Join('/', StampedFiles
        .Select(f => new FileInfo(Path.Combine(folder, f)))
        .Select(f => f.Exists ? string.Create(CultureInfo.InvariantCulture, $"{f.LastWriteTimeUtc.Ticks}:{f.Length}") : "-"));

    private void Add(string folder, string name, string stamp)
    {
        RunManifest manifest = Run.ReadManifest(folder);
        RunSummary summary = RunSummary.Load(Path.Combine(folder, "summary.json"));
        using (SqliteCommand insert = Command("INSERT INTO runs VALUES ($folder, $name, $kind, $status, $created, $stamp)",
            ("$folder", name), ("$name", manifest.Name), ("$kind", manifest.Kind), ("$status", manifest.Status.ToString()),
            ("$created", manifest.CreatedUtc.ToString("O", CultureInfo.InvariantCulture)), ("$stamp", stamp)))
            insert.ExecuteNonQuery();
        foreach ((string metric, double? value) in summary.Values)
        {
            if (value is not { } number)
                continue;
            using SqliteCommand insert = Command("INSERT INTO summaries VALUES ($folder, $metric, $value)", ("$folder", name), ("$metric", metric), ("$value", number));
            insert.ExecuteNonQuery();
        }
    }

    private void Forget(string name)
    {
        using SqliteCommand delete = Command("DELETE FROM runs WHERE folder = $folder; DELETE FROM summaries WHERE folder = $folder", ("$folder", name));
        delete.ExecuteNonQuery();
    }

#pragma warning disable CA2100 // The texts are constants of this file; values travel as parameters.
    private SqliteCommand Command(string text, params (string Name, object Value)[] parameters)
    {
        SqliteCommand command = _database.CreateCommand();
        command.CommandText = text;
        foreach ((string name, object value) in parameters)
            command.Parameters.AddWithValue(name, value);
        return command;
    }
#pragma warning restore CA2100
}
