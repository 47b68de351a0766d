using System.Globalization;
using System.Text.Json;
using Espalier.Errors;

namespace Espalier.Models.Endpoints;

/// <summary>Reads and checks what an endpoint answered.</summary>
internal sealed class AnswerReader
{
    private const double SumSlack = 0.01;
    private const double Rounding = 1e-6;

    private readonly HttpClassifierOptions _options;
    private readonly int _classCount;
    private readonly string _path;
    private readonly string[] _before;
    private readonly string[] _inside;

    public AnswerReader(Uri endpoint, HttpClassifierOptions options, int classCount)
    {
        (_options, _classCount, Source) = (options, classCount, $"the answer of {endpoint}");
        _path = options.ResponsePath ?? options.Answer switch
        {
            HttpAnswer.Probabilities => "probabilities",
            HttpAnswer.Logits => "logits",
            HttpAnswer.TopProbabilities => "top",
            _ => "labels",
        };
        string[] parts = _path.Length == 0 ? [] : _path.Split('.');
        int star = Array.IndexOf(parts, "*");
        (_before, _inside) = star < 0 ? (parts, []) : (parts[..star], parts[(star + 1)..]);
    }

    /// <summary>What errors are about.</summary>
    public string Source { get; }

    /// <summary>Probabilities or logits, row by row, [count * classes].</summary>
    /// <exception cref="ModelOutputException">They are not there, or not what they should be.</exception>
    public float[] Scores(JsonElement response, int count)
    {
        float[] scores = new float[count * _classCount];
        foreach ((int row, JsonElement answer) in Rows(response, count))
        {
            if (answer.ValueKind != JsonValueKind.Array || answer.GetArrayLength() != _classCount)
                throw Wrong($"holds {Describe(answer)} for input {row}", $"expected an array of {_classCount} numbers");
            double sum = 0;
            foreach ((int c, JsonElement element) in answer.EnumerateArray().Index())
            {
                if (element.ValueKind != JsonValueKind.Number || !element.TryGetSingle(out float score) || !float.IsFinite(score))
                    throw Wrong($"holds {Describe(element)} for class {c} of input {row}", "expected a finite number");
                scores[(row * _classCount) + c] = score;
                sum += score;
                if (_options.Answer == HttpAnswer.Probabilities && score is not (>= (float)-Rounding and <= (float)(1 + Rounding)))
                    throw Wrong(Text($"gives class {c} of input {row} the probability {score}"), "expected one in [0, 1]; if these are logits, say so: answer = Logits");
            }

            if (_options.Answer == HttpAnswer.Probabilities && Math.Abs(sum - 1) > SumSlack)
                throw Wrong(Text($"gives input {row} probabilities of sum {sum:G4}"), "expected a sum of 1; if these are logits, say so: answer = Logits");
        }

        return scores;
    }

    /// <summary>Probabilities of the likeliest classes, and of the others a share of what is left, row by row, [count * classes].</summary>
    /// <returns>The probabilities, and how many classes the scarcest answer named.</returns>
    /// <exception cref="ModelOutputException">They are not there, or not what they should be.</exception>
    public (float[] Scores, int Known) TopScores(JsonElement response, int count)
    {
        float[] scores = new float[count * _classCount];
        int fewest = _classCount;
        foreach ((int row, JsonElement answer) in Rows(response, count))
        {
            if (answer.ValueKind != JsonValueKind.Array || answer.GetArrayLength() == 0)
                throw Wrong($"holds {Describe(answer)} for input {row}", $"expected an array of objects with \"{_options.TopLabel}\" and \"{_options.TopScore}\"");
            Span<float> own = scores.AsSpan(row * _classCount, _classCount);
            own.Fill(float.NaN);
            (double sum, double least) = (0, 1);
            foreach (JsonElement element in answer.EnumerateArray())
            {
                int label = (int)Label(Follow(element, [_options.TopLabel]), row);
                JsonElement score = Follow(element, [_options.TopScore]);
                if (score.ValueKind != JsonValueKind.Number || !score.TryGetSingle(out float probability) || probability is not (>= (float)-Rounding and <= (float)(1 + Rounding)))
                    throw Wrong($"gives class {label} of input {row} the probability {Describe(score)}", "expected one in [0, 1]");
                if (!float.IsNaN(own[label]))
                    throw Wrong($"names class {label} of input {row} twice", "each class may stand there once");
                own[label] = Math.Max(probability, 0);
                (sum, least) = (sum + own[label], Math.Min(least, own[label]));
            }

            int missing = _classCount - answer.GetArrayLength();
            double left = 1 - sum;
            if (left < -SumSlack || left > (missing * least) + SumSlack)
                throw Wrong(Text($"gives input {row} probabilities of sum {sum:G4}, of which the least is {least:G4}"), left < 0 ? "expected a sum of at most 1" : "expected the likeliest classes: the others would be likelier than the least of them");
            fewest = Math.Min(fewest, answer.GetArrayLength());
            float share = missing == 0 ? 0 : (float)Math.Clamp(left / missing, 0, least);
            foreach (ref float score in own)
                score = float.IsNaN(score) ? share : score;
        }

        return (scores, fewest);
    }

    /// <summary>Labels, [count].</summary>
    /// <exception cref="ModelOutputException">They are not there, or not what they should be.</exception>
    public long[] Labels(JsonElement response, int count)
    {
        long[] labels = new long[count];
        foreach ((int row, JsonElement answer) in Rows(response, count))
            labels[row] = Label(answer, row);
        return labels;
    }

    private long Label(JsonElement answer, int row)
    {
        if (_options.ClassNames is { } names && answer.ValueKind == JsonValueKind.String)
        {
            int index = names.ToList().IndexOf(answer.GetString()!);
            return index >= 0 ? index : throw Wrong($"gives input {row} the label {Describe(answer)}", $"expected one of the class names ({Suggestion.For(answer.GetString()!, names)})");
        }

        return answer.ValueKind == JsonValueKind.Number && answer.TryGetInt64(out long label) && label >= 0 && label < _classCount
            ? label
            : throw Wrong($"gives input {row} the label {Describe(answer)}", $"expected a whole number in 0..{_classCount - 1}{(answer.ValueKind == JsonValueKind.String ? "; for names, give classNames" : "")}");
    }

    private IEnumerable<(int Row, JsonElement Answer)> Rows(JsonElement response, int count)
    {
        JsonElement all = Follow(response, _before);
        if (all.ValueKind != JsonValueKind.Array)
            throw Wrong($"holds {Describe(all)} at \"{_path}\"", $"expected an array of {count} answers");
        if (all.GetArrayLength() != count)
            throw Wrong($"holds {all.GetArrayLength()} answers for {count} inputs", "the endpoint must answer each input, in order");
        return all.EnumerateArray().Select(answer => Follow(answer, _inside)).Index();
    }

    private JsonElement Follow(JsonElement at, string[] parts)
    {
        foreach (string part in parts)
        {
            if (at.ValueKind == JsonValueKind.Object)
            {
                string[] names = [.. at.EnumerateObject().Select(p => p.Name)];
                at = at.TryGetProperty(part, out JsonElement found) ? found
                    : throw Wrong($"has no \"{part}\": it holds {(names.Length == 0 ? "nothing" : string.Join(", ", names.Take(10)))}", $"set responsePath, which is \"{_path}\"");
            }
            else if (at.ValueKind == JsonValueKind.Array && int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < at.GetArrayLength())
            {
                at = at[index];
            }
            else
            {
                throw Wrong($"holds {Describe(at)} where \"{part}\" was looked for", $"set responsePath, which is \"{_path}\"");
            }
        }

        return at;
    }

    private ModelOutputException Wrong(string problem, string remedy) => new(Source, problem, remedy);

    private static string Describe(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array => $"an array of {element.GetArrayLength()}",
        JsonValueKind.Object => "an object",
        JsonValueKind.Null => "null",
        _ => element.GetRawText() is { Length: > 40 } text ? text[..40] + "..." : element.GetRawText(),
    };

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
