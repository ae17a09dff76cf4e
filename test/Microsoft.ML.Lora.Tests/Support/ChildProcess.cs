using System.Diagnostics;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>Runs a part of a test in a process of its own: this assembly's entry point, see <see cref="ChildProgram"/>.</summary>
internal static class ChildProcess
{
    /// <summary>Runs the child to its end; its output is part of the failure if it fails.</summary>
    public static void Run(params string[] arguments)
    {
        (int exitCode, string text) = Start(arguments);
        Assert.True(exitCode == 0, text);
    }

    /// <summary>Runs a child that kills itself half way.</summary>
    public static void RunKilled(params string[] arguments)
    {
        (int exitCode, string text) = Start(arguments);
        Assert.True(exitCode == ChildProgram.KilledExitCode || exitCode < 0, $"not killed: {text}");
    }

    private static (int ExitCode, string Text) Start(string[] arguments)
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
        return (child.ExitCode, $"exit code {child.ExitCode}\n{output}\n{errors.Result}");
    }
}
