namespace Microsoft.ML.Lora.Build;

/// <summary>What follows the verb: build properties, and everything else for the program that the verb starts.</summary>
internal sealed record CommandLine(string[] Properties, string[] Rest)
{
    public string[] All => [.. Properties, .. Rest];

    /// <summary>Takes out the properties, up to a first <c>--</c>, which is dropped.</summary>
    public static CommandLine Parse(ReadOnlySpan<string> args)
    {
        List<string> properties = [];
        List<string> rest = [];
        for (int i = 0; i < args.Length; i++)
        {
            if (args[i] == "--")
            {
                rest.AddRange(args[(i + 1)..]);
                break;
            }

            bool isProperty = args[i].StartsWith("-p:", StringComparison.Ordinal)
                || args[i].StartsWith("/p:", StringComparison.Ordinal);
            (isProperty ? properties : rest).Add(isProperty ? WithFullPath(args[i]) : args[i]);
        }

        return new CommandLine([.. properties], [.. rest]);
    }

    // A project sees a relative path from its own folder, the user means it from where the command was typed.
    private static string WithFullPath(string property)
    {
        int equals = property.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && property[3..equals].Equals("MLNetAssemblies", StringComparison.OrdinalIgnoreCase)
            ? property[..(equals + 1)] + Path.GetFullPath(property[(equals + 1)..])
            : property;
    }
}
