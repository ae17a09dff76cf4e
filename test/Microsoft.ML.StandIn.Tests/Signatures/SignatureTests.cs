using Microsoft.ML.StandIn.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.StandIn.Tests.Signatures;

/// <summary>Nothing is public, nor of a type that friends know internal, that the library does not have.</summary>
public sealed class SignatureTests(ITestOutputHelper output)
{
    private const string TokenizersNamespace = "Microsoft.ML.Tokenizers";

    [SkippableFact]
    public void PublicTypes_EqualRecordedSignatures()
    {
        var recorded = ReadLines("api", "*.txt", name => name != "internal.txt").ToHashSet();
        var types = typeof(MLContext).Assembly.GetExportedTypes();
        var lines = types.SelectMany(type =>
            new SignaturePrinter(withInternals: false, type.Namespace == TokenizersNamespace).Print(type)).ToArray();
        output.WriteLine($"{lines.Length} public lines of {types.Length} types compared");
        AssertRecorded(lines, recorded);
    }

    [SkippableFact]
    public void InternalsThatFriendsUse_EqualRecordedSignatures()
    {
        var recorded = ReadLines("api", "internal.txt", _ => true).ToHashSet();
        var known = recorded.Select(line => line.Split(" :: ")[0]).ToHashSet();
        var types = typeof(MLContext).Assembly.GetTypes()
            .Where(type => known.Contains(TypeNames.Print(type)))
            .ToArray();
        var lines = types.SelectMany(type => new SignaturePrinter(withInternals: true, false).Print(type))
            .Where(line => !IsDeclaration(line) && !line.Contains(" override ", StringComparison.Ordinal))
            .ToArray();
        output.WriteLine($"{lines.Length} internal lines of {types.Length} types compared");
        AssertRecorded(lines, recorded);
    }

    private static void AssertRecorded(IEnumerable<string> lines, HashSet<string> recorded)
    {
        var unknown = lines.Where(line => !recorded.Contains(line)).ToArray();
        Assert.True(unknown.Length == 0, string.Join(Environment.NewLine, unknown));
    }

    // Which interfaces an internal type has, and which known methods it overrides, is its own affair.
    private static bool IsDeclaration(string line)
    {
        var parts = line.Split(" :: ", 2);
        return parts[1].Contains($" {parts[0]}", StringComparison.Ordinal)
            && !parts[1].Split(parts[0])[0].Contains('(');
    }

    private static IEnumerable<string> ReadLines(string folder, string pattern, Func<string, bool> wanted) =>
        Directory.EnumerateFiles(Golden.Require(folder), pattern, SearchOption.AllDirectories)
            .Where(path => wanted(Path.GetFileName(path)))
            .SelectMany(File.ReadLines)
            .Select(line => line.Replace("[BestFriend] ", "", StringComparison.Ordinal));
}
