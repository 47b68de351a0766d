using Espalier.Data;
using Espalier.Models;

namespace Espalier.Tests.Data;

public sealed class StandardizationTests
{
    [Fact]
    public void Inputs_on_their_bounds_stay_on_them_however_large_the_numbers()
    {
        // Around 1e8 a float's neighbours lie 8 apart: the mean is rounded by a tenth of the deviation.
        float[] values = [.. Enumerable.Range(0, 12).Select(i => 1e8f + (8 * i * i % 200))];
        using var data = new Dataset("large", torch.tensor(values).view(12, 1), torch.arange(12) % 2, ["a", "b"], InputBounds.PerFeature([values.Min()], [values.Max()]));
        using Dataset scaled = Standardization.Fit(data).Apply(data);
        using var scope = torch.NewDisposeScope();
        Tensor inputs = scaled.All().Inputs;
        Assert.Equal(inputs.data<float>().ToArray(), scaled.Bounds.Clamp(inputs).data<float>().ToArray());
        Assert.Equal(inputs.min().ToDouble(), scaled.Bounds.Lower);
        Assert.Equal(inputs.max().ToDouble(), scaled.Bounds.Upper);
    }
}
