using Espalier.Benchmarks.Workload;
using Espalier.Data;
using Espalier.Models;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Benchmarks.Parity;

/// <summary>
/// <c>export-parity FILE</c>: trains the digits gMLP briefly and writes its weights, some inputs, its logits and their
/// mean loss, so that an implementation in another language can be held against it.
/// </summary>
internal static class ParityExport
{
    private const int Steps = 40;

    public static void Run(string path)
    {
        using var task = new DigitsTask(256);
        using var model = task.NewModel();
        TrainerOptions options = task.Options with { Length = Duration.Samples(Steps * task.BatchSize) };
        new Trainer(options).Fit(new ClassificationObjective(model, task.LabelSmoothing), task.Train).Dispose();

        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        LabelledBatch batch = task.Train.Gather([.. Enumerable.Range(0, task.BatchSize)]);
        model.eval();
        Tensor logits = model.call(batch.Inputs);
        Tensor loss = torch.nn.functional.cross_entropy(logits, batch.Labels, label_smoothing: task.LabelSmoothing);
        SafetensorsFile.Write(path,
        [
            .. model.state_dict().Select(w => KeyValuePair.Create($"weights.{w.Key}", w.Value)),
            KeyValuePair.Create("inputs", batch.Inputs),
            KeyValuePair.Create("labels", batch.Labels),
            KeyValuePair.Create("logits", logits),
            KeyValuePair.Create("loss", loss),
            KeyValuePair.Create("labelSmoothing", torch.tensor(task.LabelSmoothing)),
        ]);
        Console.WriteLine($"{path}: {model.parameters().Sum(p => p.numel())} weights after {Steps} steps, {batch.Count} images");
    }
}
