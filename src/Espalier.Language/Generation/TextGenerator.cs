using System.Runtime.CompilerServices;
using Espalier.Errors;
using Espalier.Language.Tokenizers;
using Espalier.Models;
using Espalier.Networks.Text;

namespace Espalier.Language.Generation;

/// <summary>
/// Writes text with a causal language model, token by token. What earlier tokens leave behind is kept, so that a token costs
/// as much as one token and not as the whole text; beyond the model's length the window slides and is computed anew for
/// each token, which is exact and dear.
/// </summary>
public sealed class TextGenerator
{
    private readonly CausalLanguageModel _model;
    private readonly Tokenizer _tokenizer;

    /// <summary>Takes a model; it stays the caller's, is put into evaluation mode while it writes, and writes one text at a time.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">The tokenizer it was trained with.</param>
    /// <exception cref="OptionsException">The vocabularies differ.</exception>
    public TextGenerator(CausalLanguageModel model, Tokenizer tokenizer)
    {
        OptionsException.Require(model.Encoder.Vocabulary == tokenizer.VocabularySize, "vocabulary", model.Encoder.Vocabulary, $"must be the tokenizer's, {tokenizer.VocabularySize}");
        (_model, _tokenizer) = (model, tokenizer);
    }

    /// <summary>Whether each token is computed from the whole window instead of from what is kept: slow, for comparison.</summary>
    public bool Recomputes { get; init; }

    /// <summary>Writes texts that begin with a prompt.</summary>
    /// <param name="prompt">How they begin, at least one token; where it is longer than the model, its end counts.</param>
    /// <param name="options">Length, temperature and the rest.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>One text per sample, without the prompt.</returns>
    /// <exception cref="OptionsException">An option is out of range, or the prompt is empty.</exception>
    /// <exception cref="DataException">The prompt holds what the vocabulary lacks.</exception>
    public IReadOnlyList<GeneratedText> Generate(string prompt, GenerationOptions options, CancellationToken cancellationToken = default)
    {
        TextWriting[] texts = Begin(options);
        foreach ((int Sample, string Text) _ in Write(prompt, options, texts, cancellationToken))
        {
        }

        return [.. texts.Select(t => t.Result)];
    }

    /// <summary>Writes texts and gives their parts as they become certain; parts of several samples take turns.</summary>
    /// <param name="prompt">How they begin, at least one token.</param>
    /// <param name="options">Length, temperature and the rest.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>Which sample, and what it goes on with.</returns>
    /// <exception cref="OptionsException">An option is out of range, or the prompt is empty.</exception>
    /// <exception cref="DataException">The prompt holds what the vocabulary lacks.</exception>
    public IEnumerable<(int Sample, string Text)> Stream(string prompt, GenerationOptions options, CancellationToken cancellationToken = default)
        => Write(prompt, options, Begin(options), cancellationToken).Where(part => part.Text.Length > 0);

    /// <summary>As <see cref="Stream"/>, each token on a thread of the pool, so that a caller's thread is never held up.</summary>
    /// <param name="prompt">How they begin, at least one token.</param>
    /// <param name="options">Length, temperature and the rest.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async IAsyncEnumerable<(int Sample, string Text)> StreamAsync(string prompt, GenerationOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using IEnumerator<(int, string)> parts = Stream(prompt, options, cancellationToken).GetEnumerator();
        while (await Task.Run(parts.MoveNext, cancellationToken).ConfigureAwait(false))
            yield return parts.Current;
    }

    private TextWriting[] Begin(GenerationOptions options)
    {
        options.Validate();
        return [.. Enumerable.Range(0, options.Samples).Select(_ => new TextWriting(_tokenizer, options))];
    }

    private IEnumerable<(int Sample, string Text)> Write(string prompt, GenerationOptions options, TextWriting[] texts, CancellationToken cancellationToken)
    {
        IReadOnlyList<int> start = _tokenizer.Encode(prompt);
        OptionsException.Require(start.Count > 0, nameof(prompt), prompt, "must hold at least one token");
        var sampler = new TokenSampler(options);
        List<int>[] histories = [.. texts.Select(_ => new List<int>(start))];
        HashSet<int>[] seen = [.. texts.Select(_ => new HashSet<int>(start))];
        using ModuleModes modes = ModuleModes.Evaluate(_model);
        using var reader = new PrefixReader(_model, options.Streaming, Recomputes);
        for (int position = 0; texts.Any(t => !t.Ended); position++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            float[][] logits = reader.Next(histories);
            for (int i = 0; i < texts.Length; i++)
            {
                // A text that has ended goes on unseen, so that the others keep their places in the batch.
                int token = texts[i].Ended ? histories[i][^1] : sampler.Draw(logits[i], seen[i], i, position);
                histories[i].Add(token);
                seen[i].Add(token);
                if (!texts[i].Ended)
                    yield return (i, texts[i].Add(token));
            }
        }
    }
}
