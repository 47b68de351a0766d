using System.Runtime.InteropServices;
using Espalier.Runtime;

namespace Espalier.Tests.Natives;

public sealed class MathKernelsTests
{
    [Fact]
    public void OneMKL_is_told_to_take_the_kernels_of_the_instructions_the_processor_has()
    {
        Assert.SkipUnless(MathKernels.IsWanted(), "the processor is Intel's, or a setting forbids it");
        using Tensor product = torch.ones(8, 8).matmul(torch.ones(8, 8));
        nint answer = MathKernels.Answer(MathKernels.LoadedLibrary());
        Assert.NotEqual(0, answer);
        Assert.Equal(1, Marshal.ReadInt32(answer));
        Assert.Equal(8, product[0, 0].item<float>());
    }

    [Theory]
    [InlineData(new byte[] { 0x8B, 0x05, 0x10, 0x00, 0x00, 0x00, 0x85, 0xC0, 0x78, 0x01, 0xC3 }, 6 + 0x10)]
    [InlineData(new byte[] { 0x8B, 0x05, 0xF0, 0xFF, 0xFF, 0xFF, 0x85, 0xC0, 0x78, 0x01, 0xC3 }, 6 - 0x10)]
    [InlineData(new byte[] { 0x8B, 0x05, 0x10, 0x00, 0x00, 0x00, 0x83, 0xF8, 0xFF, 0x74, 0x01 }, null)]
    [InlineData(new byte[] { 0xB8, 0x01, 0x00, 0x00, 0x00, 0xC3, 0x90, 0x90, 0x90, 0x90, 0x90 }, null)]
    public void A_function_that_begins_otherwise_is_left_alone(byte[] code, int? offset)
    {
        nint memory = Marshal.AllocHGlobal(code.Length);
        try
        {
            Marshal.Copy(code, 0, memory, code.Length);
            Assert.Equal(offset is { } expected ? memory + expected : 0, MathKernels.AnswerRead(memory));
        }
        finally
        {
            Marshal.FreeHGlobal(memory);
        }
    }
}
