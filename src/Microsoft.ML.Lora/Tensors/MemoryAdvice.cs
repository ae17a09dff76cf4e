using System.Runtime.InteropServices;

namespace Microsoft.ML.Lora.Tensors;

/// <summary>Tells Linux how pages of memory are used. It is advice: where it can't be given, nothing is lost but memory or time.</summary>
internal static unsafe partial class MemoryAdvice
{
    private const int NotNeeded = 4;
    private const int HugePages = 14;

    /// <summary>Whole pages will hardly be read again: a file's leave the process, others' are zero when read again.</summary>
    public static void DontNeed(void* first, nuint bytes) => Give(first, bytes, NotNeeded);

    /// <summary>Pages had better be large ones.</summary>
    public static void PreferHugePages(void* first, nuint bytes) => Give(first, bytes, HugePages);

    private static void Give(void* first, nuint bytes, int advice)
    {
        try
        {
            _ = Advise(first, bytes, advice);
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            // A C library under another name takes no advice.
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint bytes, int advice);
}
