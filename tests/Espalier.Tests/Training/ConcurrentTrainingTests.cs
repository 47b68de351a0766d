using Espalier.Data;
using Espalier.Data.Augmentation;
using Espalier.Data.Catalog;
using Espalier.Networks.Gmlp;
using Espalier.Representation.Heads;
using Espalier.Representation.SelfSupervision;
using Espalier.Training.Loop;
using Espalier.Training.Normalization;
using Espalier.Training.Objectives;

namespace Espalier.Tests.Training;

/// <summary>Trainings of one process beside each other come to what each comes to alone, to the last bit.</summary>
public sealed class ConcurrentTrainingTests
{
    [Fact]
    public void Ten_pairs_of_trainings_side_by_side_are_bit_equal_to_each_alone()
    {
        (string byol, string gmlp) = (Byol(), Gmlp());
        for (int i = 0; i < 10; i++)
        {
            (string First, string Second) both = SideBySide(Byol, Gmlp);
            Assert.Equal((byol, gmlp), both);
        }
    }

    [Fact]
    public void Torchs_own_dropout_draws_the_same_beside_another_training()
    {
        string one = Dropout(1), two = Dropout(2);
        Assert.NotEqual(one, two);
        for (int i = 0; i < 5; i++)
            Assert.Equal((one, two), SideBySide(() => Dropout(1), () => Dropout(2)));
    }

    [Fact]
    public void A_training_leaves_the_default_generator_as_it_was()
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(5);
        float[] expected = torch.rand(3).data<float>().ToArray();
        torch.manual_seed(5);
        using Dataset data = InvariantModel.Data(40, torch.float32);
        using var model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.Dropout(0.5), torch.nn.Linear(8, 3));
        torch.manual_seed(5);
        new Trainer(new() { Length = Duration.Steps(3), BatchSize = 8 }).Fit(new ClassificationObjective(model), data).Dispose();
        Assert.Equal(expected, torch.rand(3).data<float>().ToArray());
    }

    [Fact]
    public void What_may_draw_is_known_by_its_type()
    {
        using var plain = torch.nn.Sequential(torch.nn.Linear(6, 3), torch.nn.ReLU());
        using var dropout = torch.nn.Sequential(torch.nn.Linear(6, 3), torch.nn.Dropout(0.1));
        using var own = new TwoNumbers(1, 2);
        Assert.Null(ForeignRandomness.In(new ClassificationObjective(plain)));
        Assert.Equal("Dropout", ForeignRandomness.In(new ClassificationObjective(dropout)));

        // A customer's module and a customer's objective: nobody knows what they draw from.
        Assert.Equal("Custom", ForeignRandomness.In(new Custom(own)));
    }

    private static (string First, string Second) SideBySide(Func<string> first, Func<string> second)
    {
        string? one = null, two = null;
        Exception? failure = null;
        Thread Start(Action work)
        {
            var thread = new Thread(() =>
            {
                try
                {
                    work();
                }
                catch (Exception error)
                {
                    failure = error;
                }
            });
            thread.Start();
            return thread;
        }

        Thread[] threads = [Start(() => one = first()), Start(() => two = second())];
        foreach (Thread thread in threads)
            thread.Join();
        Assert.Null(failure);
        return (one!, two!);
    }

    private static string Gmlp()
    {
        using LoadedData digits = DataCatalog.Default.Load(new() { Name = "digits" });
        var shape = new GmlpVisionOptions { ImageHeight = 8, ImageWidth = 8, Channels = 1, Classes = 10, PatchSize = 2, DModel = 16, DFfn = 32, Layers = 2, SurvivalProbability = 0.8 };
        using var model = new GmlpVision(shape, seed: 3);
        var objective = new ClassificationObjective(model)
        {
            Augmenter = new ImageAugmenter(new() { PaddedCrop = new() { Padding = 1 } }, 3, digits.Splits.Train.Bounds),
        };
        new Trainer(new() { Length = Duration.Steps(12), BatchSize = 32, Seed = 3 }).Fit(objective, digits.Splits.Train).Dispose();
        return Espalier.Models.ModelChecksum.Of(model);
    }

    private static string Byol()
    {
        using LoadedData digits = DataCatalog.Default.Load(new() { Name = "digits" });
        var head = new ProjectionHeadOptions { HiddenSize = 24, OutputSize = 8 };
        var shared = new SelfSupervisionOptions { Encoder = new() { Name = "mlp", Widths = [32, 16] } };
        using var byol = new Byol(new() { Projector = head, Predictor = head }, shared, digits.Splits.Train, seed: 1);
        new Trainer(new() { Length = Duration.Steps(12), BatchSize = 32, BatchNorm = BatchNormMode.Whole, Ema = new() { Momentum = 0.9 } })
            .Fit(byol, byol.ForTraining(digits.Splits.Train)).Dispose();
        return Espalier.Models.ModelChecksum.Of(byol.Online);
    }

    private static string Dropout(int seed)
    {
        using Dataset data = InvariantModel.Data(64, torch.float32);
        using var generator = new torch.Generator(7);
        using var model = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.Dropout(0.5), torch.nn.Linear(16, 3));
        using (torch.no_grad())
        {
            foreach (TorchSharp.Modules.Parameter parameter in model.parameters())
                parameter.uniform_(-0.3, 0.3, generator);
        }

        new Trainer(new() { Length = Duration.Steps(20), BatchSize = 16, Seed = seed }).Fit(new ClassificationObjective(model), data).Dispose();
        return Espalier.Models.ModelChecksum.Of(model);
    }

    private sealed class Custom(TwoNumbers model) : Objective<LabelledBatch>
    {
        public override torch.nn.Module Model => model;

        public override LossSum Step(LabelledBatch batch, TrainingState state) => new(model.A.sum() * batch.Count, batch.Count);
    }
}
