using Espalier.Errors;
using Espalier.Representation.Losses;

namespace Espalier.Tests.Representation;

public sealed class DinoLossTests
{
    [Fact]
    public void Four_crops_against_two_equal_the_official_loss()
    {
        // torch 1.13, the loop of facebookresearch/dino over the pairs, summed over samples instead of averaged.
        using var scope = torch.NewDisposeScope();
        Tensor[] student = [.. new[] { .2, .5, .9, 1.1 }.Select(a => Waves.Matrix(4, 3, a, .1).requires_grad_())];
        Tensor[] teacher = [.. new[] { .4, 1.7 }.Select(a => Waves.Matrix(4, 3, a, .1).requires_grad_())];
        Tensor loss = new DinoLoss(new()).Sum(student, teacher, torch.tensor(new[] { .1, -.2, .3 }), .05);
        Assert.Equal(5.01722470804072, loss.ToDouble(), 10);
        loss.backward();
        Assert.All(student, s => Assert.True(s.grad!.abs().sum().ToDouble() > 0));
        Assert.All(teacher, t => Assert.True(t.grad is null));
    }

    [Fact]
    public void One_global_crop_teaches_the_others_but_not_itself()
    {
        using var scope = torch.NewDisposeScope();
        Tensor centre = torch.zeros(3, dtype: torch.float64);
        Tensor teacher = Waves.Matrix(4, 3, .4, .1), other = Waves.Matrix(4, 3, .5, .1);
        var loss = new DinoLoss(new());
        double first = loss.Sum([Waves.Matrix(4, 3, .2), other], [teacher], centre, .05).ToDouble();
        Assert.Equal(first, loss.Sum([Waves.Matrix(4, 3, .9), other], [teacher], centre, .05).ToDouble(), 12);
    }

    [Fact]
    public void The_teachers_temperature_rises_linearly_and_stays()
    {
        var loss = new DinoLoss(new() { TeacherWarmup = .25 });
        Assert.Equal(.04, loss.TeacherTemperatureAt(0), 12);
        Assert.Equal(.055, loss.TeacherTemperatureAt(.125), 12);
        Assert.Equal(.07, loss.TeacherTemperatureAt(.25), 12);
        Assert.Equal(.07, loss.TeacherTemperatureAt(1), 12);
        Assert.Equal(.07, new DinoLoss(new() { TeacherWarmup = 0 }).TeacherTemperatureAt(0), 12);
    }

    [Fact]
    public void The_centre_is_the_moving_average_of_the_teachers_mean()
    {
        using var scope = torch.NewDisposeScope();
        Tensor centre = torch.tensor(new[] { 1.0, 2 });
        DinoLoss.UpdateCentre(centre, torch.tensor(new[] { 8.0, -4 }).view(1, 2), 4, .9);
        Assert.Equal(.9 + .2, centre[0].ToDouble(), 12);
        Assert.Equal(1.8 - .1, centre[1].ToDouble(), 12);
    }

    [Fact]
    public void Crops_that_cannot_be_paired_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        Tensor logits = torch.rand(4, 3), centre = torch.zeros(3);
        var loss = new DinoLoss(new());
        Assert.Throws<OptionsException>(() => loss.Sum([logits], [logits], centre, .05));
        Assert.Throws<OptionsException>(() => loss.Sum([logits, logits], [], centre, .05));
        Assert.Throws<ShapeException>(() => loss.Sum([logits, torch.rand(4, 2)], [logits], centre, .05));
        Assert.Throws<ShapeException>(() => loss.Sum([logits, logits], [logits], torch.zeros(4), .05));
    }
}
