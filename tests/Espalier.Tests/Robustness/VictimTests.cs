namespace Espalier.Tests.Robustness;

public sealed class VictimTests
{
    [Theory]
    [InlineData("tiny_std", 9842)]
    [InlineData("tiny_at", 9762)]
    [InlineData("trades_smallcnn", 9948)]
    public void Victims_are_the_published_ones(string name, int correct)
    {
        using var victim = Victim.Open(name, 10_000);
        using var scope = torch.NewDisposeScope();
        Assert.Equal(correct, victim.Classifier.Predict(victim.Inputs).eq(victim.Labels).sum().item<long>());
    }
}
