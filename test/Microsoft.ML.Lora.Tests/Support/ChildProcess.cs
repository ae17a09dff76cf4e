using System.Diagnostics;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>Runs a part of a test in a process of its own: this assembly's entry point, see <see cref="ChildProgram"/>.</summary>
internal static class ChildProcess
{
    /// <summary>Runs the child to its end; its output is part of the failure if it fails.</summary>
    public static void Run(params string[] arguments)
    {
        string dotnet = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet"
            ? path
            : "dotnet";
        using Process child = Process.Start(new ProcessStartInfo(
            dotnet, [typeof(ChildProcess).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        Task<string> errors = child.StandardError.ReadToEndAsync();
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        Assert.True(child.ExitCode == 0, $"exit code {child.ExitCode}\n{output}\n{errors.Result}");
    }
}
