namespace Microsoft.ML.Lora.Build;

/// <summary>The verbs of build.sh and build.cmd.</summary>
internal static class Program
{
    private const string Usage = """
        usage: ./build.sh VERB [-p:NAME=VALUE ...] [options]        (build.cmd on Windows)

          build             build everything
          run [options]     train and try a classifier: samples/QuickStart; 'run -- --help' lists its options
          test [options]    run every test; options go to 'dotnet test' (--filter NAME)
          bench [options]   measure: test/Microsoft.ML.Lora.Benchmarks; 'bench help' lists what it measures
          pack              make the NuGet packages in artifacts/packages

        properties
          -p:MLNetSource=package|standin   where ML.NET comes from; by default what the package feeds offer
          -p:MLNetAssemblies=FOLDER        take ML.NET's assemblies from a folder
          -p:LocalTrial=true               let 'pack' make packages for a trial on this machine alone
          -p:Configuration=Debug           Release by default
        """;

    private static int Main(string[] args)
    {
        if (args is [] or ["help" or "-h" or "--help"])
        {
            Console.WriteLine(Usage);
            return args is [] ? 2 : 0;
        }

        // Ctrl+C is for the program that the verb started; its exit code is then ours.
        Console.CancelKeyPress += (_, e) => e.Cancel = true;
        Dotnet dotnet = new(Repository.Find(), CommandLine.Parse(args.AsSpan(1)));
        switch (args[0])
        {
            case "build":
                return dotnet.Run(["build", dotnet.Repository.Solution, "--nologo", .. dotnet.Arguments.All]);
            case "run":
                return ProgramVerb.Run(dotnet, "samples/QuickStart/QuickStart.csproj");
            case "bench":
                return ProgramVerb.Run(dotnet, "test/Microsoft.ML.Lora.Benchmarks/Microsoft.ML.Lora.Benchmarks.csproj");
            case "test":
                return TestVerb.Run(dotnet);
            case "pack":
                return PackVerb.Run(dotnet);
            default:
                Console.Error.WriteLine($"'{args[0]}' is none of build, run, test, bench, pack.");
                return 2;
        }
    }
}
