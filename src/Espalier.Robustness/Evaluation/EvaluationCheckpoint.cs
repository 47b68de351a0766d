using System.Globalization;
using System.Security.Cryptography;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Evaluation;

/// <summary>
/// A folder with what an evaluation is about and a file per finished batch: a kill at any moment loses the batches under
/// way. Files of another attack, model or data are refused.
/// </summary>
internal sealed class EvaluationCheckpoint
{
    private const int Probes = 32;

    private readonly string? _folder;

    /// <param name="folder">The folder; null keeps nothing.</param>
    /// <param name="identity">Says what the evaluation is about, which may cost queries; asked only where there is a folder.</param>
    /// <exception cref="CheckpointException">The folder holds another evaluation.</exception>
    public EvaluationCheckpoint(string? folder, Func<string> identity)
    {
        _folder = folder;
        if (folder is null)
            return;
        string path = Path.Combine(folder, "evaluation.txt");
        if (!File.Exists(path))
        {
            AtomicFile.Replace(path, identity());
            return;
        }

        string[] known = File.ReadAllLines(path);
        string[] now = identity().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        int differs = Enumerable.Range(0, Math.Max(known.Length, now.Length)).FirstOrDefault(i => i >= known.Length || i >= now.Length || known[i] != now[i], -1);
        if (differs >= 0)
        {
            throw new CheckpointException(folder, $"holds an evaluation of another kind: \"{(differs < known.Length ? known[differs] : "")}\", now \"{(differs < now.Length ? now[differs] : "")}\"",
                "go on with the same model, data and attack, or name another folder");
        }
    }

    /// <summary>
    /// What tells one evaluation from another: the attack, the data, and the model by the checksum of its weights, or where these are out of
    /// sight by all digits of what it says of inputs spread over the data.
    /// </summary>
    /// <exception cref="QueryBudgetException">The queries do not suffice to tell the model from others.</exception>
    public static string Identity(AttackTarget target, Tensor inputs, Tensor labels, string attack, PerturbationOptions options)
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        string model = ModelChecksum.Of(target.Classifier) ?? Answers(target, inputs);
        return string.Create(CultureInfo.InvariantCulture,
            $"attack {attack}\nnorm {options.Norm}\nepsilon {options.Epsilon:R}\nseed {options.Seed}\nbatch {options.BatchSize}\nscales {string.Join(' ', options.FeatureScales ?? [])}\ndata {Hash(inputs)} {Hash(labels)}\nmodel {target.Classifier.ClassCount} classes {model}\n");
    }

    private static string Answers(AttackTarget target, Tensor inputs)
    {
        long stride = Math.Max(1, inputs.shape[0] / Probes);
        Tensor some = inputs.index_select(0, torch.arange(0, Math.Min(inputs.shape[0], Probes * stride), stride, device: inputs.device));
        return Hash(AttackTarget.Offers(target.Classifier) == Access.Labels ? target.Predict(some) : target.Scores(some));
    }

    public EvaluatedBatch? TryLoad(int index, torch.Device device) =>
        _folder is not null && File.Exists(FileOf(index)) ? EvaluatedBatch.Read(FileOf(index), device) : null;

    public void Save(int index, EvaluatedBatch batch)
    {
        if (_folder is not null)
            batch.Write(FileOf(index));
    }

    private string FileOf(int index) => Path.Combine(_folder!, string.Create(CultureInfo.InvariantCulture, $"batch-{index:D5}.safetensors"));

    private static string Hash(Tensor values)
    {
        using Tensor host = values.detach().cpu().contiguous();
        return Convert.ToHexString(SHA256.HashData(host.bytes))[..16];
    }
}
