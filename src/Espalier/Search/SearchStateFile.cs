using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Communication;
using Espalier.Errors;
using Espalier.Files;

namespace Espalier.Search;

/// <summary>The file of a search's state. Rank 0 reads and writes it; all ranks see what it read, or the same error.</summary>
internal sealed class SearchStateFile(string path, ICommunicator communicator)
{
    private const string Remedy = "give the file of this search, or another path to start anew";

    public static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        IncludeFields = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public void Write<TGenome>(SearchState<TGenome> state)
    {
        if (communicator.Rank == 0)
            AtomicFile.Replace(path, file => JsonSerializer.Serialize(file, state, Json));
    }

    /// <summary>The state, or null where there is no file yet.</summary>
    /// <exception cref="CheckpointException">The file is unreadable, or of another search.</exception>
    public SearchState<TGenome>? Read<TGenome>(SearchProblem<TGenome> problem, SearchIdentity identity, int lastGeneration)
    {
        FileContent content = WorkSharing.Map(communicator, 1, _ => ReadFile())[0];
        if (content.Problem is not null)
            throw new CheckpointException(path, content.Problem, "mend the access to it");
        if (content.Text is null)
            return null;
        SearchState<TGenome> state = Parse<TGenome>(content.Text);
        if (state.Version != SearchState<TGenome>.CurrentVersion)
            throw new CheckpointException(path, $"the state is of version {state.Version}, this program reads {SearchState<TGenome>.CurrentVersion}", Remedy);
        if (identity.DifferenceFrom(state.Identity) is string difference)
            throw new CheckpointException(path, $"the state is of another search: {difference}", Remedy);
        if (state.Generations.Count > lastGeneration + 1)
            throw new CheckpointException(path, $"the state has {state.Generations.Count - 1} generations, {lastGeneration} are asked for", "ask for as many or more");
        if (state.Evaluated.FirstOrDefault(e => problem.Key(e.Genome) != e.Key) is { } changed)
            throw new CheckpointException(path, $"genome '{changed.Key}' reads back as '{problem.Key(changed.Genome)}'", "make every part of the genome one that System.Text.Json reads and writes");
        return state;
    }

    private SearchState<TGenome> Parse<TGenome>(string text)
    {
        try
        {
            SearchState<TGenome> state = StrictJson.Read<SearchState<TGenome>>(text, Json);
            if (!IsWhole(state))
                throw new JsonException("it is incomplete");
            return state;
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw new CheckpointException(path, $"is not the state of a search ({error.Message})", Remedy, error);
        }
    }

    private static bool IsWhole<TGenome>(SearchState<TGenome> state) =>
        state.Evaluated.Select((e, i) => e.Number == i && e.Key is not null && e.Evaluation?.Objectives is not null).All(holds => holds)
        && state.Generations.SelectMany(g => g.Front.Concat(g.Population)).All(i => i >= 0 && i < state.Evaluated.Count);

    private FileContent ReadFile()
    {
        try
        {
            return new FileContent(File.Exists(path) ? File.ReadAllText(path) : null, null);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new FileContent(null, error.Message.TrimEnd('.'));
        }
    }

    private sealed record FileContent(string? Text, string? Problem);
}
