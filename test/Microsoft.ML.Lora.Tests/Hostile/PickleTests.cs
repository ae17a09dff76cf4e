using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Microsoft.ML.Lora.Checkpoints.Pickle;
using Microsoft.ML.Lora.Tensors;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Hostile;

/// <summary>Checkpoints of PyTorch that are damaged, absurd, or would run something if they were unpickled.</summary>
public class PickleTests
{
    private static readonly byte[] _storage = [.. new float[] { 1, 2, 3, 4 }.SelectMany(BitConverter.GetBytes)];

    [Fact]
    public void ARightFileIsRead()
    {
        using var weights = Open(TorchFile.Zip(TorchFile.Tensor(), _storage));

        Assert.Equal([1, 2, 3, 4], weights.Find("a")!.ToArray());
        Assert.True(weights.Find("a")!.HasShape(2, 2));
    }

    [Fact]
    public void ATransposedTensorIsPutInOrder()
    {
        using var weights = Open(TorchFile.Zip(TorchFile.Tensor(strides: "K\u0001K\u0002\u0086"), _storage));

        Assert.Equal([1, 3, 2, 4], weights.Find("a")!.ToArray());
    }

    [Theory]
    [InlineData("cos\nsystem\n(X\u0004\0\0\0echotR.", "os.system")]
    [InlineData("cposix\nsystem\n(X\u0004\0\0\0echotR.", "posix.system")]
    [InlineData("cbuiltins\neval\n(X\u0001\0\0\01tR.", "builtins.eval")]
    [InlineData("c__builtin__\nexec\n(X\u0001\0\0\01tR.", "__builtin__.exec")]
    [InlineData("csubprocess\nPopen\n)R.", "subprocess.Popen")]
    [InlineData("ctorch.hub\nload\n)R.", "torch.hub.load")]
    [InlineData("ctorch\nload\n)R.", "torch.load")]
    [InlineData("\u008c\u0002os\u008c\u0006system\u0093.", "os.system")]
    [InlineData("(ios\nsystem\n.", "Instance")]
    [InlineData("(cos\nsystem\no.", "os.system")]
    [InlineData(")\u0081.", "NewObject")]
    [InlineData("))}\u0092.", "NewObjectWithKeywords")]
    [InlineData("\u0082\u0001.", "Extension1")]
    [InlineData("Pos.system\n.", "PersistentId")]
    [InlineData("S'x'\n.", "String")]
    [InlineData("I1\n.", "Int")]
    [InlineData("\u008b\u00ff\u00ff\u00ff\u007f.", "Long4")]
    [InlineData("\u008e\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f.", "BinBytes8")]
    [InlineData("\u0096\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f.", "ByteArray8")]
    [InlineData("N2.", "Duplicate")]
    [InlineData("\u00fe.", "0xFE")]
    public void WhatIsNoTensorIsRefusedByName(string operations, string name)
    {
        var error = Assert.Throws<NotSupportedException>(() => Open(TorchFile.Zip(TorchFile.Pickle(operations))));

        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("N.")]
    [InlineData("K\u0001.")]
    [InlineData("t.")]
    [InlineData("(.")]
    [InlineData("R.")]
    [InlineData("}s.")]
    [InlineData("}(X\u0001\0\0\0au.")]
    [InlineData("h\u0007.")]
    [InlineData("j\u00ff\u00ff\u00ff\u00ff.")]
    [InlineData("q\u0001.")]
    [InlineData("X\u00ff\u00ff\u00ff\u00ffa.")]
    [InlineData("X\u0002\0\0\0\u00ff\u00fe.")]
    [InlineData("\u008a\u0009\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001\u0001.")]
    [InlineData("ctorch")]
    [InlineData("Nb.")]
    [InlineData("ccollections\nOrderedDict\nNR.")]
    [InlineData("ctorch\nFloatStorage\n)R.")]
    [InlineData("ctorch._utils\n_rebuild_tensor_v2\n)R.")]
    [InlineData("ctorch._utils\n_rebuild_parameter\n(NtR.")]
    [InlineData("NQ.")]
    [InlineData("(X\u0007\0\0\0storagetQ.")]
    [InlineData("(X\u0007\0\0\0storageNX\u0001\0\0\00X\u0003\0\0\0cpuK\u0004tQ.")]
    public void DamagedPicklesAreRefused(string operations) =>
        Assert.Throws<InvalidDataException>(() => Open(TorchFile.Zip(TorchFile.Pickle(operations))));

    [Theory]
    [InlineData("K\u0003K\u0002\u0086", "K\u0002K\u0001\u0086", "K\0")]
    [InlineData("K\u0002K\u0002\u0086", "K\u0002K\u0001\u0086", "K\u0001")]
    [InlineData("K\u0002K\u0002\u0086", "K\u0002K\u0001\u0086", "J\u00ff\u00ff\u00ff\u00ff")]
    [InlineData("K\u0002K\u0002\u0086", "K\u0003K\u0001\u0086", "K\0")]
    [InlineData("K\u0002K\u0002\u0086", "J\u00fe\u00ff\u00ff\u00ffK\u0001\u0086", "K\u0002")]
    [InlineData("J\u00ff\u00ff\u00ff\u00ffK\u0002\u0086", "K\u0002K\u0001\u0086", "K\0")]
    [InlineData("J\u00ff\u00ff\u00ff\u007fJ\u00ff\u00ff\u00ff\u007f\u0086", "K\0K\0\u0086", "K\0")]
    [InlineData("\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007fK\u0002\u0086", "K\0K\0\u0086", "K\0")]
    [InlineData("K\u0002K\u0002\u0086", "K\u0001\u0085", "K\0")]
    public void TensorsBeyondTheirStorageAreRefused(string sizes, string strides, string offset) =>
        Assert.Throws<InvalidDataException>(() => Open(TorchFile.Zip(TorchFile.Tensor(sizes, strides, offset), _storage)));

    [Fact]
    public void AStorageThatIsTooShortIsRefused() =>
        Assert.Throws<InvalidDataException>(() => Open(TorchFile.Zip(TorchFile.Tensor(), new byte[15])));

    [Fact]
    public void CompressedEntriesAreRefused()
    {
        var bomb = TorchFile.Zip(TorchFile.Tensor(), new byte[50_000_000], CompressionLevel.SmallestSize);

        var error = Assert.Throws<InvalidDataException>(() => Open(bomb));

        Assert.Contains("compressed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheFormatBefore16IsRefusedWithAHint()
    {
        var error = Assert.Throws<NotSupportedException>(() => Open(Encoding.Latin1.GetBytes("\u0080\u0002\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019.")));

        Assert.Contains("PyTorch 1.6", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("P")]
    [InlineData("PK")]
    [InlineData("PK\u0003\u0004 and nothing more that makes a zip file")]
    [InlineData("ustar file of long ago")]
    public void OtherFilesAreRefused(string content) =>
        Assert.Throws<InvalidDataException>(() => Open(Encoding.Latin1.GetBytes(content)));

    [Fact]
    public void EveryTruncationIsRefused()
    {
        var whole = TorchFile.Zip(TorchFile.Tensor(), _storage);

        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Throws<InvalidDataException>(() => Open(whole[..length]));
        }
    }

    [Theory]
    [InlineData(12, 0xFFFF_FFFEu)]
    [InlineData(16, 0xFFFF_FFFEu)]
    [InlineData(16, 0xFFFF_FFFFu)]
    [InlineData(16, 1u)]
    [InlineData(12, 0x7FFF_FFFFu)]
    public void LyingDirectoriesAreRefused(int field, uint value)
    {
        var bytes = TorchFile.Zip(TorchFile.Tensor(), _storage);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 22 + field), value);

        Assert.Throws<InvalidDataException>(() => Open(bytes));
    }

    [Fact]
    public void DeepNestingNeedsNoDepth()
    {
        var deep = TorchFile.Pickle(new string(')', 1) + new string('\u0085', 2_000_000) + ".");

        Assert.Throws<InvalidDataException>(() => Open(TorchFile.Zip(deep)));
    }

    [Fact]
    public void AnEndlessStackIsRefused() => Assert.Throws<InvalidDataException>(
        () => Open(TorchFile.Zip(TorchFile.Pickle(new string('N', 2_000_000) + "."))));

    private static PickledWeights Open(byte[] bytes) => PickledWeights.Open(MappedMemory.FromArray(bytes), "pytorch_model.bin");
}
