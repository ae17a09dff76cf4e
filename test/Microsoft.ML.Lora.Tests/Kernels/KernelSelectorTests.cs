using System.Runtime.Intrinsics.X86;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Kernels;

[Collection(KernelTests.Name)]
public class KernelSelectorTests
{
    [Fact]
    public void ScalarIsAlwaysThereAndLast() => Assert.Equal(InstructionSet.Scalar, KernelSelector.Available[^1]);

    [Fact]
    public void Avx512ComesFirstWhereTheMachineHasIt() =>
        Assert.Equal(Avx512F.IsSupported, KernelSelector.Available[0] == InstructionSet.Avx512);

    [Fact]
    public void AValueOfTheVariableNamesASet()
    {
        Assert.Equal(KernelSelector.Available[0], KernelSelector.Parse(null));
        Assert.Equal(KernelSelector.Available[0], KernelSelector.Parse(" "));
        Assert.Equal(InstructionSet.Scalar, KernelSelector.Parse("scalar"));
        var error = Assert.Throws<PlatformNotSupportedException>(() => KernelSelector.Parse("sse9"));
        Assert.Contains("MLNET_LORA_KERNEL=sse9", error.Message);
        Assert.Contains("scalar", error.Message);
    }

    [Fact]
    public void AChoiceEndsWhenItIsDisposed()
    {
        var before = KernelSelector.Current;
        using (KernelSelector.Use(InstructionSet.Scalar))
        {
            Assert.Equal(InstructionSet.Scalar, KernelSelector.Current);
        }

        Assert.Equal(before, KernelSelector.Current);
    }
}
