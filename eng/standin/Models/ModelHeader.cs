using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.Internal.Utilities;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>The 256 bytes before a component's payload, with the string table and assembly name behind it.</summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal partial struct ModelHeader
{
    public const int Size = 256;

    public const ulong SignatureValue = 0x4C45444F4D004C4DUL;

    public const ulong TailSignatureValue = 0x4D4C004D4F44454CUL;

    [FieldOffset(0x00)]
    public ulong Signature;

    [FieldOffset(0x08)]
    public uint VerWritten;

    [FieldOffset(0x0C)]
    public uint VerReadable;

    [FieldOffset(0x10)]
    public long FpModel;

    [FieldOffset(0x18)]
    public long CbModel;

    [FieldOffset(0x20)]
    public long FpStringTable;

    [FieldOffset(0x28)]
    public long CbStringTable;

    [FieldOffset(0x30)]
    public long FpStringChars;

    [FieldOffset(0x38)]
    public long CbStringChars;

    [FieldOffset(0x40)]
    public ulong ModelSignature;

    [FieldOffset(0x48)]
    public uint ModelVerWritten;

    [FieldOffset(0x4C)]
    public uint ModelVerReadable;

    [FieldOffset(0x50)]
    public ulong LoaderSignature0;

    [FieldOffset(0x58)]
    public ulong LoaderSignature1;

    [FieldOffset(0x60)]
    public ulong LoaderSignature2;

    [FieldOffset(0x68)]
    public ulong LoaderSignatureAlt0;

    [FieldOffset(0x70)]
    public ulong LoaderSignatureAlt1;

    [FieldOffset(0x78)]
    public ulong LoaderSignatureAlt2;

    [FieldOffset(0x80)]
    public long FpTail;

    [FieldOffset(0x88)]
    public long FpLim;

    [FieldOffset(0x90)]
    public long FpAssemblyName;

    [FieldOffset(0x98)]
    public uint CbAssemblyName;

    private const uint CurrentVersion = 0x00010002;
    private const uint OldestVersion = 0x00010001;
    private const int LoaderSignatureLength = 24;

    public static void BeginWrite(BinaryWriter writer, out long fpMin, out ModelHeader header)
    {
        Contracts.CheckValue(writer, nameof(writer));
        writer.Flush();
        fpMin = writer.BaseStream.Position;
        header = new ModelHeader { FpModel = Size };
        writer.Write(new byte[Size]);
    }

    public static void EndModelCore(BinaryWriter writer, long fpMin, ref ModelHeader header)
    {
        writer.Flush();
        header.CbModel = writer.BaseStream.Position - fpMin - header.FpModel;
    }

    public static void EndWrite(BinaryWriter writer, long fpMin, ref ModelHeader header, NormStr.Pool pool = null,
        string loaderAssemblyName = null)
    {
        EndModelCore(writer, fpMin, ref header);
        if (pool is { Count: > 0 })
        {
            WriteStrings(writer, fpMin, ref header, pool);
        }

        if (loaderAssemblyName != null)
        {
            header.FpAssemblyName = writer.BaseStream.Position - fpMin;
            var name = Encoding.Unicode.GetBytes(loaderAssemblyName);
            header.CbAssemblyName = (uint)name.Length;
            writer.Write(name);
            writer.Flush();
        }

        WriteHeaderAndTailCore(writer, fpMin, ref header);
    }

    public static void WriteHeaderAndTailCore(BinaryWriter writer, long fpMin, ref ModelHeader header)
    {
        header.Signature = SignatureValue;
        header.VerWritten = CurrentVersion;
        header.VerReadable = CurrentVersion;
        header.FpTail = writer.BaseStream.Position - fpMin;
        writer.Write(TailSignatureValue);
        writer.Flush();
        header.FpLim = writer.BaseStream.Position - fpMin;

        var bytes = new byte[Size];
        MarshalToBytes(ref header, bytes);
        writer.BaseStream.Position = fpMin;
        writer.Write(bytes);
        writer.Flush();
        writer.BaseStream.Position = fpMin + header.FpLim;
    }

    public static void SetVersionInfo(ref ModelHeader header, VersionInfo ver)
    {
        header.ModelSignature = ver.ModelSignature;
        header.ModelVerWritten = ver.VerWrittenCur;
        header.ModelVerReadable = ver.VerReadableCur;
        SetLoaderSig(ref header, ver.LoaderSignature);
        SetLoaderSigAlt(ref header, ver.LoaderSignatureAlt);
    }

    public static void SetLoaderSig(ref ModelHeader header, string sig) =>
        PutSignature(MemoryMarshal.CreateSpan(ref header.LoaderSignature0, 3), sig);

    public static void SetLoaderSigAlt(ref ModelHeader header, string sig) =>
        PutSignature(MemoryMarshal.CreateSpan(ref header.LoaderSignatureAlt0, 3), sig);

    public static string GetLoaderSig(ref ModelHeader header) =>
        TakeSignature(MemoryMarshal.CreateSpan(ref header.LoaderSignature0, 3));

    public static string GetLoaderSigAlt(ref ModelHeader header) =>
        TakeSignature(MemoryMarshal.CreateSpan(ref header.LoaderSignatureAlt0, 3));

    public static void MarshalToBytes(ref ModelHeader header, byte[] bytes) =>
        MemoryMarshal.Write(bytes.AsSpan(0, Size), in header);

    public static void MarshalFromBytes(out ModelHeader header, byte[] bytes) =>
        header = MemoryMarshal.Read<ModelHeader>(bytes.AsSpan(0, Size));

    public static void CheckVersionInfo(ref ModelHeader header, VersionInfo ver)
    {
        Contracts.CheckDecode(header.ModelSignature == ver.ModelSignature, "Unknown file type");
        if (header.ModelVerReadable > ver.VerWrittenCur)
        {
            throw Contracts.ExceptDecode(
                $"Cause: ML.NET 1.0.0.0 cannont read component '{ver.LoaderSignature}' of the model, because the " +
                "model is too new.\nSuggestion: Make sure the model is trained with ML.NET 1.0.0.0 or older.\n" +
                $"Debug details: Maximum expected version {header.ModelVerReadable}, got {ver.VerWrittenCur}.");
        }

        if (header.ModelVerWritten < ver.VerWeCanReadBack)
        {
            throw Contracts.ExceptDecode(
                $"Cause: ML.NET 1.0.0.0 cannot read component '{ver.LoaderSignature}' of the model, because the " +
                "model is too old.\nSuggestion: Make sure the model is trained with ML.NET 1.0.0.0.\n" +
                $"Debug details: Minimum expected version {header.ModelVerWritten}, got {ver.VerWeCanReadBack}.");
        }
    }

    private static void WriteStrings(BinaryWriter writer, long fpMin, ref ModelHeader header, NormStr.Pool pool)
    {
        header.FpStringTable = writer.BaseStream.Position - fpMin;
        header.CbStringTable = (long)pool.Count * sizeof(long);
        long end = 0;
        foreach (var text in pool)
        {
            end += (long)text.Value.Length * sizeof(char);
            writer.Write(end);
        }

        header.FpStringChars = header.FpStringTable + header.CbStringTable;
        header.CbStringChars = end;
        foreach (var text in pool)
        {
            writer.Write(MemoryMarshal.AsBytes(text.Value.Span));
        }

        writer.Flush();
    }

    private static void PutSignature(Span<ulong> target, string signature)
    {
        target.Clear();
        signature ??= "";
        Contracts.Check(signature.Length <= LoaderSignatureLength, "Loader signature too long");
        var bytes = MemoryMarshal.AsBytes(target);
        for (var i = 0; i < signature.Length; i++)
        {
            Contracts.Check(signature[i] <= 0xFF, "Loader signature must be ASCII");
            bytes[i] = (byte)signature[i];
        }
    }

    private static string TakeSignature(Span<ulong> source)
    {
        var bytes = MemoryMarshal.AsBytes(source);
        var end = bytes.LastIndexOfAnyExcept((byte)0);
        return Encoding.Latin1.GetString(bytes[..(end + 1)]);
    }
}
