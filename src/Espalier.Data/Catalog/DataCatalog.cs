using Espalier.Data.Sampling;
using Espalier.Data.Sources;
using Espalier.Data.Tables;
using Espalier.Data.Text;
using Espalier.Errors;

namespace Espalier.Data.Catalog;

/// <summary>
/// The data sets by name: embedded, generated, in the user's collection, downloaded, or files of the user's own. Loading
/// never touches the network; <see cref="DownloadAsync"/> does.
/// </summary>
public sealed class DataCatalog
{
    private readonly DataFolders _folders;

    /// <summary>A catalogue over given folders.</summary>
    /// <param name="folders">Where files lie.</param>
    public DataCatalog(DataFolders folders) => _folders = folders;

    /// <summary>The catalogue over the folders that the environment names.</summary>
    public static DataCatalog Default { get; } = new(DataFolders.FromEnvironment());

    /// <summary>Every data set, in the order to show them in.</summary>
    public IReadOnlyList<DatasetInfo> Entries { get; } = [.. KnownSources.All.Select(s => s.Info)];

    /// <summary>What is known about a data set.</summary>
    /// <param name="name">Its name; case does not matter.</param>
    /// <exception cref="NotFoundException">There is none of that name.</exception>
    public DatasetInfo Find(string name) => Source(name).Info;

    /// <summary>Whether a data set can be loaded now.</summary>
    /// <param name="info">The data set.</param>
    /// <param name="reason">What is missing and how to get it; empty where nothing is.</param>
    public bool IsAvailable(DatasetInfo info, out string reason)
    {
        (string Problem, string Remedy)? missing = Source(info.Name).Missing(_folders);
        reason = missing is { } m ? $"{m.Problem}; {m.Remedy}" : "";
        return missing is null;
    }

    /// <summary>Loads a data set and cuts it into training, validation and test parts.</summary>
    /// <param name="options">Which, and how to cut it.</param>
    /// <returns>Owned by the caller.</returns>
    /// <exception cref="OptionsException">An option is out of range.</exception>
    /// <exception cref="NotFoundException">There is no data set of that name.</exception>
    /// <exception cref="DataException">Files are missing or bad.</exception>
    public LoadedData Load(DataOptions options)
    {
        options.Validate();
        DatasetSource source = Source(options.Name);
        SourceData read = Read(source, options);
        DatasetSplits splits = Split(Shrunk(Limited(read.Pool, options), options), read.Validation is null ? null : Shrunk(read.Validation, options),
            read.Test is null ? null : Shrunk(read.Test, options), options);
        Standardization? scaling = options.Standardize ? Standardization.Fit(splits.Train) : null;
        return new LoadedData(source.Info, scaling is null ? Single(splits) : Standardized(splits, scaling), read.Checksums)
        {
            Standardization = scaling,
            Schema = read.Schema,
            LeftOut = read.LeftOut,
            Warnings = read.Warnings,
        };
    }

    /// <summary>Loads a data set uncut, in the order of its files: to confront a model with data that it was not made for.</summary>
    /// <param name="options">Which; how to cut it does not matter.</param>
    /// <exception cref="OptionsException">An option is out of range.</exception>
    /// <exception cref="NotFoundException">There is no data set of that name.</exception>
    /// <exception cref="DataException">It holds text, or files are missing or bad.</exception>
    public UncutData LoadUncut(DataOptions options)
    {
        options.Validate();
        DatasetSource source = Source(options.Name);
        SourceData read = Read(source, options);
        read.Validation?.Dispose();
        return new UncutData(source.Info, Single(read.Pool), read.Test is null ? null : Single(read.Test), read.Checksums) { Schema = read.Schema };
    }

    /// <summary>Loads a table uncut, in double precision: what detectors and monitors of rows take.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="NotFoundException">There is no data set of that name.</exception>
    /// <exception cref="DataException">It is no table, or files are missing or bad.</exception>
    public NumericTable LoadTable(string name)
    {
        DatasetSource source = Source(name);
        if (source.Info.Task != DatasetTask.TabularClassification)
            throw new DataException(name, "is no table", "name a table, such as wine or adbench-cardio, or give a file");
        if (source is UserSource)
            throw new DataException(name, "is a file of your own", "give the file itself");
        if (source.Missing(_folders) is { } missing)
            throw new DataException(name, missing.Problem, missing.Remedy);
        return source.LoadTable(_folders);
    }

    /// <summary>Loads a text, cut into training, validation and test parts and not yet tokenised.</summary>
    /// <param name="options">Which, and how to cut it.</param>
    /// <exception cref="OptionsException">An option is out of range, or is for numbers.</exception>
    /// <exception cref="NotFoundException">There is no data set of that name.</exception>
    /// <exception cref="DataException">It is no text, or files are missing or bad.</exception>
    public LoadedText LoadText(DataOptions options)
    {
        options.Validate();
        DatasetSource source = Source(options.Name);
        if (source is not ITextSource text)
            throw new DataException(options.Name, "holds no text", "name a text, such as tinyshakespeare, or one of your own (text)");
        OptionsException.Require(!options.Standardize, "standardize", true, "is for numbers: text becomes tokens");
        OptionsException.Require(options.Shrink == 1, "shrink", options.Shrink, "is for images");
        OptionsException.Require(options.TrainFirst is null, "trainFirst", options.TrainFirst, "is for labelled samples: shorten a text with limit");
        if (source.Missing(_folders) is { } missing)
            throw new DataException(options.Name, missing.Problem, missing.Remedy);
        LoadedText loaded = text.LoadText(_folders, options);
        return options.Limit is { } limit ? loaded with { Train = Limited(loaded.Train, limit, options.SplitSeed) } : loaded;
    }

    /// <summary>Downloads what is missing of a data set into the cache.</summary>
    /// <param name="info">The data set, of origin <see cref="DatasetOrigin.Download"/>.</param>
    /// <param name="downloader">Fetches the files.</param>
    /// <param name="progress">Told about every chunk.</param>
    /// <param name="cancellationToken">Stops; what was received stays for the next call.</param>
    /// <exception cref="DataException">A file has no public address, a transfer failed, or a checksum is wrong.</exception>
    public async Task DownloadAsync(DatasetInfo info, DatasetDownloader downloader, IProgress<DownloadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        foreach (DatasetFile file in info.Files)
        {
            if (info.Origin is DatasetOrigin.Embedded || _folders.Locate(info.Folder, file.Name) is not null)
                continue;
            await downloader.DownloadAsync(file, Path.Combine(_folders.Cache, info.Folder), progress, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Fewer training documents, every class with its share; of running text, which is one document, fewer characters.</summary>
    private static TextDocuments Limited(TextDocuments train, int limit, int seed)
    {
        if (train.Documents is [var text])
            return text.Length <= limit ? train : new TextDocuments(train.Name, [text[..limit]], train.Labels);
        long[] labels = [.. train.Labels?.Select(l => (long)l) ?? new long[train.Documents.Count]];
        return train.Subset(train.Name, StratifiedSplit.Sample(labels, limit, seed));
    }

    private SourceData Read(DatasetSource source, DataOptions options)
    {
        if (source is ITextSource)
            throw new DataException(options.Name, "holds text, which must be tokenised", "run a recipe on it, or load it as text");
        if (source.Missing(_folders) is { } missing)
            throw new DataException(options.Name, missing.Problem, missing.Remedy);
        return source.Load(_folders, options);
    }

    private static DatasetSource Source(string name)
        => KnownSources.All.FirstOrDefault(s => s.Info.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ?? throw new NotFoundException("data set", name, KnownSources.All.Select(s => s.Info.Name));

    private static Dataset Limited(Dataset pool, DataOptions options)
    {
        if (options.Limit is not { } limit || limit >= pool.Count)
            return pool;
        using (pool)
            return pool.Subset(StratifiedSplit.Sample(pool.LabelArray(), limit, options.SplitSeed));
    }

    private static Dataset Shrunk(Dataset data, DataOptions options)
    {
        if (options.Shrink == 1)
            return data;
        using (data)
            return data.Shrink(options.Shrink);
    }

    private static DatasetSplits Split(Dataset pool, Dataset? validation, Dataset? test, DataOptions options)
    {
        using (pool)
        {
            OptionsException.Require(options.TrainFirst is null || (test is not null && validation is null), "trainFirst", options.TrainFirst,
                "needs a data set with a test split and without a validation split of its own");
            if (validation is not null)
                return Validated(pool, validation, test, options);
            if (options.TrainFirst is { } first)
                return StratifiedSplit.First(pool, test!, first, options.ValidationFraction, options.SplitSeed);
            if (test is null)
                return StratifiedSplit.Of(pool, options.ValidationFraction, options.TestFraction, options.SplitSeed);
            int[][] parts = StratifiedSplit.Parts(pool.LabelArray(), [1 - options.ValidationFraction, options.ValidationFraction], options.SplitSeed);
            return new DatasetSplits(StratifiedSplit.Part(pool, parts[0], "train"), StratifiedSplit.Part(pool, parts[1], "validation"), test);
        }
    }

    private static DatasetSplits Validated(Dataset pool, Dataset validation, Dataset? test, DataOptions options)
    {
        int[][] parts = StratifiedSplit.Parts(pool.LabelArray(), test is null ? [1 - options.TestFraction, options.TestFraction] : [1], options.SplitSeed);
        return new DatasetSplits(StratifiedSplit.Part(pool, parts[0], "train"), validation, test ?? StratifiedSplit.Part(pool, parts[1], "test"));
    }

    // Tables are held in double precision up to here.
    private static DatasetSplits Single(DatasetSplits splits) => splits.Train.IsDouble
        ? new DatasetSplits(Single(splits.Train), Single(splits.Validation), Single(splits.Test)) : splits;

    private static Dataset Single(Dataset data)
    {
        if (!data.IsDouble)
            return data;
        using (data)
            return data.ToSingle();
    }

    private static DatasetSplits Standardized(DatasetSplits splits, Standardization scaling)
    {
        using (splits)
            return new DatasetSplits(scaling.Apply(splits.Train), scaling.Apply(splits.Validation), scaling.Apply(splits.Test));
    }
}
