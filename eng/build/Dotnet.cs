using System.Diagnostics;

namespace Microsoft.ML.Lora.Build;

/// <summary>Starts <c>dotnet</c> commands over the repository with the user's properties.</summary>
internal sealed record Dotnet(Repository Repository, CommandLine Arguments)
{
    /// <summary>Runs a command whose output the user sees.</summary>
    public int Run(string[] arguments)
    {
        using Process process = Process.Start(Prepare(arguments))!;
        process.WaitForExit();
        return process.ExitCode;
    }

    /// <summary>Runs a command and keeps its output, both streams in one.</summary>
    public (int ExitCode, string[] Lines) Capture(string[] arguments)
    {
        ProcessStartInfo start = Prepare(arguments);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        List<string> lines = [];
        using Process process = new() { StartInfo = start };
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.WaitForExit();
        return (process.ExitCode, [.. lines]);

        void Keep(object sender, DataReceivedEventArgs e)
        {
            if (e.Data != null)
            {
                lock (lines)
                {
                    lines.Add(e.Data);
                }
            }
        }
    }

    /// <summary>Restores and builds a project or the solution; says where ML.NET came from, and all else only on failure.</summary>
    public bool Build(string project)
    {
        (int exitCode, string[] lines) = Capture(["build", project, "--nologo", "-v:minimal", .. Arguments.Properties]);
        foreach (string line in lines)
        {
            if (exitCode != 0 || line.TrimStart().StartsWith("ML.NET:", StringComparison.Ordinal))
            {
                Console.WriteLine(line.Trim());
            }
        }

        return exitCode == 0;
    }

    /// <summary>The value of a build property of a project.</summary>
    public string Property(string project, string name)
    {
        (int exitCode, string[] lines) = Capture(["msbuild", project, $"-getProperty:{name}", .. Arguments.Properties]);
        return exitCode == 0
            ? string.Join('\n', lines).Trim()
            : throw new InvalidOperationException($"'{name}' of {project} cannot be read:\n{string.Join('\n', lines)}");
    }

    private static ProcessStartInfo Prepare(string[] arguments)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!, arguments);
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        return start;
    }
}
