using System.Globalization;

namespace Microsoft.ML.Lora.Tensors;

/// <summary>
/// Pages of mapped files. What was read once, such as a weight that has been packed, stays in the process's memory until the system is
/// short of it; given back, it is mapped again from the file's cache when it is read again.
/// </summary>
internal static unsafe class FilePages
{
    /// <summary>
    /// Whether the pages at an address may be given back: a file's, shared with it and not written to. Elsewhere than on Linux none.
    /// </summary>
    public static bool CanRelease(byte* address)
    {
        if (!OperatingSystem.IsLinux() || address == null)
        {
            return false;
        }

        try
        {
            return File.ReadLines("/proc/self/maps").Any(line => IsSharedFile(line, (ulong)address));
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Gives back the whole pages of a run of bytes for which <see cref="CanRelease"/> holds.</summary>
    public static void Release(byte* first, long bytes)
    {
        nint page = Environment.SystemPageSize;
        nint from = ((nint)first + page - 1) & -page;
        nint to = ((nint)first + (nint)bytes) & -page;
        if (to > from)
        {
            MemoryAdvice.DontNeed((void*)from, (nuint)(to - from));
        }
    }

    // A line is "from-to r--s offset device inode path", numbers in hexadecimal digits.
    private static bool IsSharedFile(string line, ulong address)
    {
        string[] parts = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries);
        string[] range = parts[0].Split('-');
        return ulong.Parse(range[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture) <= address
            && address < ulong.Parse(range[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            && parts.Length == 6 && parts[1] is "r--s" or "r-xs";
    }
}
