using Espalier.Data.Images;
using Espalier.Data.Sources;
using Espalier.Data.Tables;
using Espalier.Data.Text;
using Espalier.Errors;

namespace Espalier.Data.Catalog;

/// <summary>Which data set to load, and how to cut it.</summary>
public sealed record DataOptions
{
    /// <summary>A name of the catalogue; <c>csv</c>, <c>images</c>, <c>idx</c> or <c>text</c> for files of one's own at <see cref="Path"/>.</summary>
    public string Name { get; init; } = "";

    /// <summary>For <c>csv</c> a file, for <c>images</c> a folder of class folders, for <c>idx</c> a folder or the images file, for <c>text</c> a text file or a table.</summary>
    public string? Path { get; init; }

    /// <summary>The share of the samples (of those outside the data set's own test split) for validation, in (0, 1).</summary>
    public double ValidationFraction { get; init; } = 0.15;

    /// <summary>The share of the samples for the test, in (0, 1); unused where the data set has a test split of its own.</summary>
    public double TestFraction { get; init; } = 0.2;

    /// <summary>The seed of the split and of <see cref="Limit"/>: keep it when the run's seed changes, to compare runs.</summary>
    public int SplitSeed { get; init; }

    /// <summary>Whether to scale to mean 0 and deviation 1 with the training part's statistics, per feature or channel.</summary>
    public bool Standardize { get; init; }

    /// <summary>Images are shrunk by this factor, each pixel the mean of a square of so many on a side: 2 makes 14x14 of 28x28.</summary>
    public int Shrink { get; init; } = 1;

    /// <summary>At most so many samples, drawn evenly from the classes before the split; a test split of its own stays whole. Of text: at most so many training documents, or characters of running text.</summary>
    public int? Limit { get; init; }

    /// <summary>
    /// The training part is the first so many samples in the order of the files, of files that are sorted by class as many of
    /// each; validation is drawn from the rest. Drawn at random where null. For data sets with a test split of their own.
    /// </summary>
    public int? TrainFirst { get; init; }

    /// <summary>For <c>csv</c>: target and special columns.</summary>
    public CsvOptions Csv { get; init; } = new();

    /// <summary>For <c>images</c>: size and channels.</summary>
    public ImageFolderOptions Images { get; init; } = new();

    /// <summary>For text: how it is cut and tokenised.</summary>
    public TextOptions Text { get; init; } = new();

    /// <summary>For generated data sets: samples, noise, seed.</summary>
    public GeneratedOptions Generated { get; init; } = new();

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Name.Length > 0, nameof(Name), null, "must name a data set");
        OptionsException.Require(ValidationFraction is > 0 and < 1, nameof(ValidationFraction), ValidationFraction, "must be above 0 and below 1");
        OptionsException.Require(TestFraction is > 0 and < 1, nameof(TestFraction), TestFraction, "must be above 0 and below 1");
        OptionsException.Require(ValidationFraction + TestFraction < 1, nameof(TestFraction), TestFraction, $"must leave samples to train on beside validationFraction {ValidationFraction}");
        OptionsException.Require(Shrink >= 1, nameof(Shrink), Shrink, "must be at least 1");
        OptionsException.Require(Limit is null or >= 1, nameof(Limit), Limit, "must be at least 1");
        OptionsException.Require(TrainFirst is null or >= 1, nameof(TrainFirst), TrainFirst, "must be at least 1");
        OptionsException.Require(TrainFirst is null || Limit is null, nameof(TrainFirst), TrainFirst, "says which samples to take, as limit does: give one of them");
        OptionsException.Within("csv", Csv.Validate);
        OptionsException.Within("images", Images.Validate);
        OptionsException.Within("text", Text.Validate);
        OptionsException.Within("generated", Generated.Validate);
    }
}
