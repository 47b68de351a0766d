using System.Diagnostics;
using System.Globalization;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Networks.Checkpoints;
using Espalier.Recipes;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Gradient;

namespace Espalier.Benchmarks.Attacks;

/// <summary>
/// Images per second of PGD-40 on a network for MNIST with known weights, all steps for all images, as the Python script of
/// the same name does; or the memory after each of many calls.
/// </summary>
internal static class AttackSpeedCommand
{
    public static void Run(CommandArguments arguments)
    {
        string name = arguments.Text("--model") ?? "tiny_at";
        int count = arguments.Number("--images") ?? 512;
        int batch = arguments.Number("--batch") ?? 128;
        int steps = arguments.Number("--steps") ?? 40;
        int rounds = arguments.Number("--rounds") ?? 3;
        int calls = arguments.Number("--calls") ?? 0;
        torch.set_num_threads(arguments.Number("--threads") ?? 1);
        string root = DataFolders.FromEnvironment().Local ?? throw new DataException("victims-mnist", "is not here", "set ESPALIER_DATA");
        bool isTrades = name == "trades_smallcnn";
        using AuditTarget target = AuditTarget.Open(Path.Combine(root, "victims-mnist", name + ".safetensors"), new()
        {
            Data = "mnist",
            Architecture = isTrades ? name : "tiny_cnn",
            Layout = isTrades ? CheckpointLayout.TradesSmallCnn : CheckpointLayout.Native,
        }, torch.CPU);
        var classifier = (IDifferentiableClassifier)target.Classifier;
        using var scope = torch.NewDisposeScope();
        LabelledBatch images = target.Splits.Test.First(count);
        double epsilon = isTrades ? 0.3 : 0.2;
        var attack = new ProjectedGradientDescent(new() { Epsilon = epsilon, Steps = steps, BatchSize = batch, StopWhenFooled = arguments.Has("--stop") });
        if (calls > 0)
        {
            Memory(attack, classifier, images, calls);
            return;
        }

        if (arguments.Has("--bare"))
        {
            Bare(classifier, images, batch, steps, epsilon);
            return;
        }

        using (attack.Run(classifier, images.Inputs, images.Labels)) { }
        double best = double.PositiveInfinity;
        double robust = 0;
        for (int round = 0; round < rounds; round++)
        {
            var watch = Stopwatch.StartNew();
            using AttackResult result = attack.Run(classifier, images.Inputs, images.Labels);
            best = Math.Min(best, watch.Elapsed.TotalSeconds);
            robust = result.RobustAccuracy;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"espalier  {name} PGD-{steps}: {count / best:N0} images/s, {1e6 * best / (count * steps):N1} us a gradient, robust {robust:P1}"));
    }

    /// <summary>The smallest loop that does the same, with the time of its parts.</summary>
    private static void Bare(IDifferentiableClassifier classifier, LabelledBatch images, int batch, int steps, double epsilon)
    {
        Tensor x = images.Inputs.narrow(0, 0, batch);
        Tensor y = images.Labels.narrow(0, 0, batch);
        Tensor adversarial = x.clone();
        var forward = new Stopwatch();
        var backward = new Stopwatch();
        var rest = new Stopwatch();
        for (int step = -5; step < steps * 4; step++)
        {
            Tensor before = adversarial;
            if (step == 0)
                (forward, backward, rest) = (new(), new(), new());
            using var scope = torch.NewDisposeScope();
            forward.Start();
            Tensor leaf = adversarial.detach().requires_grad_(true);
            Tensor loss = torch.nn.functional.cross_entropy(classifier.Logits(leaf), y, reduction: torch.nn.Reduction.Sum);
            forward.Stop();
            backward.Start();
            Tensor gradient = torch.autograd.grad([loss], [leaf])[0];
            backward.Stop();
            rest.Start();
            using var _ = torch.no_grad();
            adversarial = (adversarial + epsilon / 16 * gradient.sign()).maximum(x - epsilon).minimum(x + epsilon).clamp(0, 1).MoveToOuterDisposeScope();
            before.Dispose();
            rest.Stop();
        }

        double Each(Stopwatch watch) => watch.Elapsed.TotalMicroseconds / (4.0 * steps * batch);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"bare: forward {Each(forward):N1}, backward {Each(backward):N1}, rest {Each(rest):N1} us an image and step"));
    }

    private static void Memory(Attack attack, IDifferentiableClassifier classifier, LabelledBatch images, int calls)
    {
        for (int call = 1; call <= calls; call++)
        {
            using (attack.Run(classifier, images.Inputs, images.Labels)) { }
            if (call == 10 || call % (calls / 10) == 0)
            {
                GC.Collect();
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"call {call}: resident {Environment.WorkingSet / 1048576.0:N1} MiB, managed {GC.GetTotalMemory(true) / 1048576.0:N1} MiB"));
            }
        }
    }
}
