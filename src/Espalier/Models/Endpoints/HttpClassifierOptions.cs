using Espalier.Errors;

namespace Espalier.Models.Endpoints;

/// <summary>How an endpoint is spoken to: where inputs and answers stand in its JSON, and how patiently it is asked.</summary>
public sealed record HttpClassifierOptions
{
    /// <summary>What it answers.</summary>
    public HttpAnswer Answer { get; init; }

    /// <summary>
    /// Where the request holds the inputs, nested arrays [batch, ...]: names parted by dots, such as <c>inputs</c> for
    /// <c>{"inputs": [[0.1, 0.2]]}</c> or <c>data.instances</c>.
    /// </summary>
    public string RequestPath { get; init; } = "inputs";

    /// <summary>
    /// Where the response holds the answers, one per input: names and numbers (places in arrays) parted by dots, and one
    /// <c>*</c> where the inputs' answers stand side by side, such as <c>probabilities</c> for
    /// <c>{"probabilities": [[0.9, 0.1]]}</c>, <c>outputs.0.data</c>, or <c>predictions.*.scores</c>. Where null it is
    /// <c>probabilities</c>, <c>logits</c>, <c>labels</c> or <c>top</c>; empty is the whole response.
    /// </summary>
    public string? ResponsePath { get; init; }

    /// <summary>The classes' names in order, where the endpoint answers labels by name.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>Of <see cref="HttpAnswer.TopProbabilities"/>: what an answer calls a class, its number or its name.</summary>
    public string TopLabel { get; init; } = "label";

    /// <summary>Of <see cref="HttpAnswer.TopProbabilities"/>: what an answer calls a probability.</summary>
    public string TopScore { get; init; } = "score";

    /// <summary>Sent with each request, such as an authorization.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Whether the endpoint is the user's own, or the user's to test. Only endpoints on this machine are asked without it:
    /// an attack is many strange requests, and on a service of others it may be an offence.
    /// </summary>
    public bool IsOwnEndpoint { get; init; }

    /// <summary>The most inputs in one request.</summary>
    public int MaxBatchSize { get; init; } = 64;

    /// <summary>The most requests under way at once.</summary>
    public int MaxConcurrency { get; init; } = 4;

    /// <summary>The most requests that are begun in a second, repeated ones included.</summary>
    public double RequestsPerSecond { get; init; } = 50;

    /// <summary>How long one answer is waited for.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a request is repeated that got no answer, or a passing failure (408, 429, 5xx).</summary>
    public int MaxRetries { get; init; } = 5;

    /// <summary>The first pause before a repetition; each further one is twice as long, and shortened by up to a half at random.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause, unless the endpoint asks for a longer one.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one request may take with all its repetitions: no repetition is begun after it.</summary>
    public TimeSpan RetryBudget { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>What pauses and rates are measured by.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Checks the options.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Enum.IsDefined(Answer), nameof(Answer), Answer, "must be Probabilities, Logits, Labels or TopProbabilities");
        OptionsException.Require(RequestPath.Length > 0 && RequestPath.Split('.').All(p => p.Length > 0 && p != "*"), nameof(RequestPath), RequestPath, "must be names parted by dots");
        OptionsException.Require(ResponsePath is null or "" || (ResponsePath.Split('.') is var parts && parts.All(p => p.Length > 0) && parts.Count(p => p == "*") <= 1),
            nameof(ResponsePath), ResponsePath, "must be names, numbers and at most one * parted by dots");
        OptionsException.Require(ClassNames is null || ClassNames.Distinct().Count() == ClassNames.Count, nameof(ClassNames), ClassNames?.Count, "must hold no name twice");
        OptionsException.Require(TopLabel.Length > 0, nameof(TopLabel), TopLabel, "must be a name");
        OptionsException.Require(TopScore.Length > 0 && TopScore != TopLabel, nameof(TopScore), TopScore, "must be a name, and another one than topLabel");
        OptionsException.Require(MaxBatchSize >= 1, nameof(MaxBatchSize), MaxBatchSize, "must be at least 1");
        OptionsException.Require(MaxConcurrency >= 1, nameof(MaxConcurrency), MaxConcurrency, "must be at least 1");
        OptionsException.Require(RequestsPerSecond > 0, nameof(RequestsPerSecond), RequestsPerSecond, "must be above 0; infinite is without a limit");
        OptionsException.Require(Timeout > TimeSpan.Zero, nameof(Timeout), Timeout, "must be above 0");
        OptionsException.Require(MaxRetries >= 0, nameof(MaxRetries), MaxRetries, "must not be negative");
        OptionsException.Require(FirstPause >= TimeSpan.Zero, nameof(FirstPause), FirstPause, "must not be negative");
        OptionsException.Require(LongestPause >= FirstPause, nameof(LongestPause), LongestPause, "must be at least the first pause");
        OptionsException.Require(RetryBudget >= TimeSpan.Zero, nameof(RetryBudget), RetryBudget, "must not be negative");
    }
}
