namespace Microsoft.ML.Lora.Build;

/// <summary><c>run</c> and <c>bench</c>: build a program and start it with the user's options, in the user's folder.</summary>
internal static class ProgramVerb
{
    public static int Run(Dotnet dotnet, string project)
    {
        string path = dotnet.Repository.PathOf(project);
        return dotnet.Build(path) ? dotnet.Run([dotnet.Property(path, "TargetPath"), .. dotnet.Arguments.Rest]) : 1;
    }
}
