using Espalier.Reproductions;

namespace Espalier.Tests.Recipes;

public sealed class ReproductionTests
{
    [Fact]
    public void Every_claim_about_the_noisy_parabola_holds()
    {
        ReproductionPart part = NoisyParabola.Run(new ReproductionContext(1, torch.CPU, _ => { }, CancellationToken.None));
        Assert.All(part.Claims, c => Assert.True(c.Holds, $"{c.What}: {c.Published} published, {c.Measured} measured"));
        Assert.Equal(9, part.Claims.Count);
    }
}
