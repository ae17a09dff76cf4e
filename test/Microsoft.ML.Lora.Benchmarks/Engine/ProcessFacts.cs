using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary>What a result says of the process and the machine.</summary>
internal static class ProcessFacts
{
    /// <summary>Greatest resident set so far, in MB.</summary>
    public static int PeakResidentMegabytes
    {
        get
        {
            using Process process = Process.GetCurrentProcess();
            return (int)(process.PeakWorkingSet64 >> 20);
        }
    }

    /// <summary>Processor seconds of all threads so far.</summary>
    public static double ProcessorSeconds => Environment.CpuUsage.TotalTime.TotalSeconds;

    /// <summary>The processor's own name for itself.</summary>
    public static string Processor => OperatingSystem.IsLinux()
        ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))
            ?.Split(':')[1].Trim() ?? "unknown"
        : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "unknown";

    public static string Runtime => RuntimeInformation.FrameworkDescription;
}
