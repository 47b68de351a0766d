using Espalier.Data.Images;

namespace Espalier.Tests.Data;

public sealed class ByteScalingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(64)]
    [InlineData(257)]
    public void Every_byte_is_scaled_at_every_width(int width)
    {
        byte[] source = [.. Enumerable.Range(0, width).Select(i => (byte)(255 - i))];
        float[] target = new float[width + 1];
        target[width] = -1;
        ByteScaling.Convert(source, 1 / 255f, target);
        for (int i = 0; i < width; i++)
            Assert.Equal(source[i] * (1 / 255f), target[i]);
        Assert.Equal(-1, target[width]);
    }
}
