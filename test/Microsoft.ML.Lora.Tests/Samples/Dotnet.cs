using System.Diagnostics;

namespace Microsoft.ML.Lora.Tests.Samples;

/// <summary>Runs a program that was built beside these tests, in a process of its own.</summary>
internal sealed record Dotnet(int ExitCode, string Output, string Error)
{
    public static Dotnet Run(string folder, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", ["exec", .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return new Dotnet(process.ExitCode, output, error.Result);
    }
}
