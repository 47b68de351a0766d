using System.Diagnostics;
using System.Text.Json;
using Espalier.Benchmarks.Overhead;
using Espalier.Data;
using Espalier.Language.Objectives;
using Espalier.Models;
using Espalier.Networks.Text;
using Espalier.Training.Loop;

namespace Espalier.Benchmarks.Text;

/// <summary>
/// <c>text-step [--steps 30] [--rounds 3] [--threads N] [--parity FILE]</c>: the training step of a masked language model, by the
/// trainer and by the loop one writes with TorchSharp, in turns. With <c>--parity</c> instead: the first weights, batches and
/// losses of a training, for another implementation to be held against.
/// </summary>
internal static class TextStepCommand
{
    private const int Warmup = 5;
    private const int ParitySteps = 60;

    public static void Run(CommandArguments arguments)
    {
        if (arguments.Number("--threads") is { } threads)
            torch.set_num_threads(threads);
        using var task = new MaskedTask();
        if (arguments.Text("--parity") is { } file)
        {
            Export(task, file);
            return;
        }

        int steps = arguments.Number("--steps") ?? 30, rounds = arguments.Number("--rounds") ?? 3;
        List<double> trainer = [], loop = [], ratios = [];
        for (int round = 0; round < rounds; round++)
        {
            List<double> ours = ByTrainer(task, steps, null), bare = ByLoop(task, steps);
            ratios.Add(Quantiles.Of(ours, 0.5) / Quantiles.Of(bare, 0.5));
            trainer.AddRange(ours);
            loop.AddRange(bare);
        }

        Console.WriteLine(JsonSerializer.Serialize(new
        {
            threads = torch.get_num_threads(),
            steps = trainer.Count,
            trainerMs = Math.Round(Quantiles.Of(trainer, 0.5), 2),
            loopMs = Math.Round(Quantiles.Of(loop, 0.5), 2),
            trainerToLoop = Math.Round(Quantiles.Of(ratios, 0.5), 3),
        }));
    }

    private static List<double> ByTrainer(MaskedTask task, int steps, List<double>? losses)
    {
        using MaskedLanguageModel model = task.NewModel();
        var times = new List<double>();
        long start = Stopwatch.GetTimestamp();
        var clock = new Clock(progress =>
        {
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            losses?.Add(progress.Loss);
            start = Stopwatch.GetTimestamp();
        });
        MaskedLanguageObjective objective = task.Objective(model);
        using TrainingResult result = new Trainer(task.Options(steps + Warmup)).Fit(objective, objective.ForTraining(task.Data.Tokens()), new() { Progress = clock });
        return times[Warmup..];
    }

    /// <summary>The same arithmetic without a trainer: batches lie ready, torch's own AdamW and clipping.</summary>
    private static List<double> ByLoop(MaskedTask task, int steps)
    {
        IReadOnlyList<MaskedTokenBatch> batches = task.Batches(16);
        using MaskedLanguageModel model = task.NewModel();
        TorchSharp.Modules.Parameter[] parameters = [.. model.parameters()];
        using var optimizer = torch.optim.AdamW(
        [
            new TorchSharp.Modules.AdamW.ParamGroup(parameters.Where(p => p.dim() > 1), MaskedTask.LearningRate, weight_decay: MaskedTask.WeightDecay, eps: MaskedTask.Epsilon),
            new TorchSharp.Modules.AdamW.ParamGroup(parameters.Where(p => p.dim() <= 1), MaskedTask.LearningRate, weight_decay: 0, eps: MaskedTask.Epsilon),
        ], MaskedTask.LearningRate);
        model.train();
        var times = new List<double>();
        for (int step = 0; step < steps + Warmup; step++)
        {
            long start = Stopwatch.GetTimestamp();
            using var scope = torch.NewDisposeScope();
            MaskedTokenBatch batch = batches[step % batches.Count];
            Tensor hidden = model.Encoder.Encode(batch.Tokens);
            Tensor targets = batch.Targets.reshape(-1);
            Tensor places = targets.ne(TokenMasking.Ignored).nonzero().squeeze(1);
            Tensor logits = model.Project(hidden.reshape(-1, hidden.shape[2]).index_select(0, places));
            Tensor loss = torch.nn.functional.cross_entropy(logits, targets.index_select(0, places));
            optimizer.zero_grad();
            loss.backward();
            torch.nn.utils.clip_grad_norm_(parameters, 1);
            optimizer.step();
            _ = loss.item<float>();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        foreach (MaskedTokenBatch batch in batches)
            batch.Dispose();
        return times[Warmup..];
    }

    private static void Export(MaskedTask task, string file)
    {
        var losses = new List<double>();
        ByTrainer(task, ParitySteps - Warmup, losses);
        IReadOnlyList<MaskedTokenBatch> batches = task.Batches(ParitySteps);
        using MaskedLanguageModel model = task.NewModel();
        using var scope = torch.NewDisposeScope();
        SafetensorsFile.Write(file,
        [
            .. model.state_dict().Select(w => KeyValuePair.Create($"weights.{w.Key}", w.Value)),
            KeyValuePair.Create("inputs", torch.stack(batches.Select(b => b.Tokens))),
            KeyValuePair.Create("targets", torch.stack(batches.Select(b => b.Targets))),
            KeyValuePair.Create("losses", torch.tensor(losses.ToArray())),
        ]);
        foreach (MaskedTokenBatch batch in batches)
            batch.Dispose();
        Console.WriteLine($"{file}: {model.parameters().Sum(p => p.numel())} weights, {batches.Count} batches");
    }

    private sealed class Clock(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
