using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

internal partial struct ModelHeader
{
    public static void BeginRead(out long fpMin, out ModelHeader header, out string[] strings,
        out string loaderAssemblyName, BinaryReader reader)
    {
        fpMin = reader.BaseStream.Position;
        Contracts.CheckDecode(reader.BaseStream.Length - fpMin >= Size, "Wrong file type");
        MarshalFromBytes(out header, reader.ReadBytes(Size));
        if (!TryValidate(ref header, reader.BaseStream.Length - fpMin, out var ex)
            || !TryValidate(ref header, reader, fpMin, out strings, out loaderAssemblyName, out ex))
        {
            throw ex;
        }

        reader.BaseStream.Position = fpMin + header.FpModel;
    }

    public static void EndRead(long fpMin, ref ModelHeader header, BinaryReader reader)
    {
        Contracts.CheckDecode(reader.BaseStream.Position == fpMin + header.FpModel + header.CbModel);
        reader.BaseStream.Position = fpMin + header.FpLim;
    }

    public static bool TryValidate(ref ModelHeader header, long size, out Exception ex)
    {
        ex = Validate(in header, size);
        return ex == null;
    }

    public static bool TryValidate(ref ModelHeader header, BinaryReader reader, long fpMin, out string[] strings,
        out string loaderAssemblyName, out Exception ex)
    {
        strings = null;
        loaderAssemblyName = null;
        reader.BaseStream.Position = fpMin + header.FpTail;
        ex = reader.ReadUInt64() == TailSignatureValue ? null : Contracts.ExceptDecode("Corrupt model file tail");
        if (ex != null)
        {
            return false;
        }

        strings = ReadStrings(in header, reader, fpMin);
        if (header.CbAssemblyName > 0)
        {
            reader.BaseStream.Position = fpMin + header.FpAssemblyName;
            loaderAssemblyName = Encoding.Unicode.GetString(reader.ReadBytes((int)header.CbAssemblyName));
        }

        return true;
    }

    private static Exception Validate(in ModelHeader header, long size)
    {
        if (header.Signature != SignatureValue)
        {
            return Contracts.ExceptDecode("Wrong file type");
        }

        if (header.VerReadable > CurrentVersion)
        {
            return Contracts.ExceptDecode("Unknown file version");
        }

        if (header.VerWritten < OldestVersion)
        {
            return Contracts.ExceptDecode("Old file version");
        }

        return RegionsFollowEachOther(in header, size) ? null : Contracts.ExceptDecode();
    }

    private static bool RegionsFollowEachOther(in ModelHeader header, long size)
    {
        var end = header.FpModel + header.CbModel;
        if (header.FpModel != Size || header.CbModel < 0 || end > size)
        {
            return false;
        }

        var hasStrings = header.FpStringTable != 0;
        if (hasStrings)
        {
            if (header.FpStringTable != end || header.CbStringTable % sizeof(long) != 0 || header.CbStringTable < 0
                || header.FpStringChars != header.FpStringTable + header.CbStringTable
                || header.CbStringChars % sizeof(char) != 0 || header.CbStringChars < 0)
            {
                return false;
            }

            end = header.FpStringChars + header.CbStringChars;
        }
        else if (header.CbStringTable != 0 || header.FpStringChars != 0 || header.CbStringChars != 0)
        {
            return false;
        }

        var hasName = header.FpAssemblyName != 0;
        if (hasName)
        {
            if (header.FpAssemblyName != end || header.CbAssemblyName % sizeof(char) != 0)
            {
                return false;
            }

            end += header.CbAssemblyName;
        }

        var consistent = header.VerWritten < CurrentVersion || hasName || hasStrings;
        return consistent && header.FpTail == end && header.FpLim == end + sizeof(ulong) && header.FpLim <= size;
    }

    private static string[] ReadStrings(in ModelHeader header, BinaryReader reader, long fpMin)
    {
        if (header.FpStringTable == 0)
        {
            return null;
        }

        reader.BaseStream.Position = fpMin + header.FpStringTable;
        var ends = new long[header.CbStringTable / sizeof(long)];
        for (var i = 0; i < ends.Length; i++)
        {
            ends[i] = reader.ReadInt64();
            Contracts.CheckDecode(ends[i] >= (i == 0 ? 0 : ends[i - 1]) && ends[i] % sizeof(char) == 0);
        }

        Contracts.CheckDecode((ends.Length == 0 ? 0 : ends[^1]) == header.CbStringChars);
        var strings = new string[ends.Length];
        for (var i = 0; i < ends.Length; i++)
        {
            var bytes = reader.ReadBytes(checked((int)(ends[i] - (i == 0 ? 0 : ends[i - 1]))));
            strings[i] = new string(MemoryMarshal.Cast<byte, char>(bytes));
        }

        return strings;
    }
}
