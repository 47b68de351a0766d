using Espalier.Data.Catalog;
using Espalier.Data.Sampling;
using Espalier.Errors;
using Espalier.Networks.Encoders;
using Espalier.Representation.PseudoLabels;
using Espalier.Representation.SelfSupervision;
using Espalier.Training.Loop;
using Espalier.Training.Optimizers;
using Espalier.Training.Schedules;

namespace Espalier.Tests.Representation;

/// <summary>The objectives against what their papers say of a single step.</summary>
public sealed class SelfSupervisionTests : IDisposable
{
    private readonly LoadedData _data = DataCatalog.Default.Load(new() { Name = "digits", Limit = 400 });

    public void Dispose() => _data.Dispose();

    private static SelfSupervisionOptions Shared => new()
    {
        Encoder = new() { Name = "mlp", Widths = [32, 16] },
        Views = new() { Preset = "custom", First = new() { Affine = new() { Rotation = 15, Shift = 0.1 } } },
    };

    private static ByolOptions Heads => new() { Projector = new() { HiddenSize = 24, OutputSize = 8 }, Predictor = new() { HiddenSize = 24, OutputSize = 8 } };

    private static TrainerOptions Options => new()
    {
        BatchSize = 32,
        GhostBatchSize = 16,
        Length = Duration.Steps(3),
        Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 0.05, WeightDecay = 0 },
        Schedule = new() { Shape = ScheduleShape.Constant },
        Ema = new() { Momentum = 0.9 },
    };

    [Fact]
    public void The_target_starts_as_the_online_network_and_follows_it_as_an_average()
    {
        using var byol = new Byol(Heads, Shared, _data.Splits.Train, seed: 1);
        Dictionary<string, double> expected = byol.Target.named_parameters().ToDictionary(p => p.name, p => p.parameter.sum().ToDouble());
        Assert.All(byol.Online.named_parameters().Where(p => expected.ContainsKey(p.name)), p => Assert.Equal(expected[p.name], p.parameter.sum().ToDouble(), 1e-6));
        using TrainingResult result = new Trainer(Options).Fit(byol, byol.ForTraining(_data.Splits.Train), new()
        {
            Observer = _ =>
            {
                foreach ((string name, TorchSharp.Modules.Parameter parameter) in byol.Online.named_parameters().Where(p => expected.ContainsKey(p.name)))
                    expected[name] = (0.9 * expected[name]) + (0.1 * parameter.sum().ToDouble());
            },
        });
        Assert.All(byol.Target.named_parameters(), p => Assert.Equal(expected[p.name], p.parameter.sum().ToDouble(), 1e-4));
        Assert.DoesNotContain(byol.Target.named_parameters(), p => p.name.StartsWith("predictor", StringComparison.Ordinal));
    }

    [Fact]
    public void The_target_takes_statistics_of_its_own_and_no_gradient()
    {
        using var byol = new Byol(Heads, Shared, _data.Splits.Train, seed: 1);
        using TrainingResult result = new Trainer(Options).Fit(byol, byol.ForTraining(_data.Splits.Train));
        Assert.All(byol.Target.parameters(), p => Assert.False(p.requires_grad));
        Assert.True(byol.Target.training);
        Tensor online = byol.Online.get_buffer("encoder.norms.0.running_mean") ?? byol.Online.named_buffers().First(b => b.name == "encoder.norms.0.running_mean").buffer;
        Tensor target = byol.Target.named_buffers().First(b => b.name == "encoder.norms.0.running_mean").buffer;
        Assert.True(target.abs().sum().ToDouble() > 0);
        Assert.False(online.allclose(target, rtol: 1e-6, atol: 1e-8));
    }

    [Fact]
    public void The_reported_loss_of_the_first_step_is_that_of_the_formula()
    {
        using var byol = new Byol(Heads, Shared, _data.Splits.Train, seed: 1);
        using var again = new Byol(Heads, Shared, _data.Splits.Train, seed: 1);
        using TrainingResult result = new Trainer(Options with { Length = Duration.Steps(1), GhostBatchSize = null }).Fit(byol, byol.ForTraining(_data.Splits.Train));

        using ViewBatch batch = again.ForTraining(_data.Splits.Train).Gather(new SampleStream(_data.Splits.Train.Count, 1).Take(0, 32), 0);
        using var noGradients = torch.no_grad();
        Tensor Normal(Tensor x) => torch.nn.functional.normalize(x, dim: 1);
        Tensor Predict(Tensor view) => Normal(again.Online.Predictor!.call(again.Online.call(view)));
        Tensor[] views = [.. batch.Views];
        double loss = 4 - (2 * (Predict(views[0]) * Normal(again.Target.call(views[1]))).sum(1).mean().ToDouble())
            - (2 * (Predict(views[1]) * Normal(again.Target.call(views[0]))).sum(1).mean().ToDouble());
        Assert.Equal(loss, result.FinalLoss, 1e-4);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_online_probe_leaves_the_encoder_alone(bool probe)
    {
        using var byol = new Byol(Heads, Shared with { OnlineProbe = probe }, _data.Splits.Train, seed: 1);
        using var other = new Byol(Heads, Shared with { OnlineProbe = !probe }, _data.Splits.Train, seed: 1);
        using TrainingResult a = new Trainer(Options).Fit(byol, byol.ForTraining(_data.Splits.Train));
        using TrainingResult b = new Trainer(Options).Fit(other, other.ForTraining(_data.Splits.Train));
        foreach (((string name, TorchSharp.Modules.Parameter first), (string _, TorchSharp.Modules.Parameter second)) in byol.Online.Encoder.named_parameters().Zip(other.Online.Encoder.named_parameters()))
            Assert.True(first.equal(second).all().item<bool>(), name);
    }

    [Fact]
    public void Simclr_in_micro_batches_is_simclr_on_the_whole_batch()
    {
        double Final(int? micro)
        {
            using var simClr = new SimClr(new() { Projector = new() { HiddenSize = 24, OutputSize = 8 } }, Shared, _data.Splits.Train, seed: 1);
            using TrainingResult result = new Trainer(Options with { MicroBatchSize = micro, Ema = null }).Fit(simClr, simClr.ForTraining(_data.Splits.Train));
            return result.FinalLoss;
        }

        Assert.Equal(Final(null), Final(16), 2e-5);
    }

    [Fact]
    public void Without_an_average_there_is_no_teacher()
    {
        using var byol = new Byol(Heads, Shared, _data.Splits.Train, seed: 1);
        OptionsException error = Assert.Throws<OptionsException>(() => new Trainer(Options with { Ema = null }).Fit(byol, byol.ForTraining(_data.Splits.Train)));
        Assert.Equal("ema", error.Option);
    }

    [Fact]
    public void A_predictor_of_another_width_is_refused()
    {
        OptionsException error = Assert.Throws<OptionsException>(() => new Byol(Heads with { Predictor = new() { HiddenSize = 8, OutputSize = 9 } }, Shared, _data.Splits.Train, 1));
        Assert.Equal("predictor.outputSize", error.Option);
    }

    [Fact]
    public void The_encoder_of_a_run_starts_another_training()
    {
        string path = Path.GetTempFileName();
        using var trained = new EncoderClassifier(Shared.Encoder.Create(_data.Splits.Train.InputShape, 5), 10, 5);
        using var fresh = new EncoderClassifier(Shared.Encoder.Create(_data.Splits.Train.InputShape, 6), 10, 6);
        Espalier.Models.ModelWeights.Save(trained, path);
        double head = fresh.Head.weight!.sum().ToDouble();
        PretrainedEncoder.Load(fresh, path);
        Assert.True(fresh.Encoder.parameters().Zip(trained.Encoder.parameters()).All(p => p.First.equal(p.Second).all().item<bool>()));
        Assert.Equal(head, fresh.Head.weight!.sum().ToDouble());
        using var other = new EncoderClassifier((Shared.Encoder with { Widths = [8, 4] }).Create(_data.Splits.Train.InputShape, 6), 10, 6);
        Assert.Throws<CheckpointException>(() => PretrainedEncoder.Load(other, path));
        File.Delete(path);
    }

    [Fact]
    public void Pseudo_labels_come_from_an_average_in_evaluation_mode_with_the_students_statistics()
    {
        Encoder Make() => (Shared.Encoder with { Widths = [16] }).Create(_data.Splits.Train.InputShape, 1);
        using var student = new EncoderClassifier(Make(), 10, 1);
        using var teacher = new EncoderClassifier(Make(), 10, 1);
        using var objective = new TeacherStudent(student, teacher, _data.Splits.Train, new() { Labelled = 40, Confidence = 0, StartAfter = Duration.Steps(1) }, seed: 1);
        using TrainingResult result = new Trainer(Options).Fit(objective, objective.ForTraining(_data.Splits.Train));
        Assert.False(teacher.training);
        foreach (((string name, Tensor own), (string _, Tensor theirs)) in student.named_buffers().Zip(teacher.named_buffers()))
            Assert.True(own.equal(theirs).all().item<bool>(), name);
        Assert.False(student.Head.weight!.equal(teacher.Head.weight!).all().item<bool>());
    }
}
