using System.Text.RegularExpressions;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Conventions;

/// <summary>A file uses its own folder and lower levels only: never sideways, never up.</summary>
public partial class LayeringTests
{
    private static readonly Dictionary<string, int> _levels = new()
    {
        ["Tensors"] = 1,
        ["Kernels"] = 2,
        ["Checkpoints"] = 2,
        ["Layers"] = 3,
        ["Tokenization"] = 3,
        ["Adapters"] = 4,
        ["Models"] = 4,
        ["Optimization"] = 4,
        ["Batching"] = 4,
        ["Providers"] = 5,
        ["Tasks"] = 6,
        ["Training"] = 6,
        ["DataView"] = 7,
        ["Persistence"] = 7,
    };

    // The assembly attribute that names the loader to ML.NET has to name what it loads.
    private const string MLNetAccess = "DataView/MLNetAccess.cs";

    private static readonly string[] _closedNames =
    [
        "IHostEnvironmentInternal", "ModelLoadContext", "Contracts", "LoadableClass", "SignatureLoadModel", "VersionInfo",
        "CatalogUtils", "AnnotationUtils", "TryFindColumn", "GetTypeString", "ExceptSchemaMismatch", "ExceptParam",
        "SaveBinaryStream", "CheckAtModel", "IgnoresAccessChecksTo",
    ];

    public static TheoryData<string> Files => [.. Repository.Sources(Repository.Product)];

    [Theory]
    [MemberData(nameof(Files))]
    public void Uses_its_own_folder_and_lower_levels_only(string file)
    {
        string folder = FolderOf(file);
        if (folder.Length == 0)
        {
            return;
        }
        Assert.True(_levels.ContainsKey(folder), $"{file} is in a folder without a level");
        string code = CodeOf(file);
        IEnumerable<string> wrong = FolderReference().Matches(code).Select(match => match.Groups[1].Value)
            .Where(other => _levels.ContainsKey(other) && other != folder && _levels[other] >= _levels[folder]);

        Assert.Empty(wrong);
    }

    [Fact]
    public void No_folder_mentions_the_types_a_user_types()
    {
        string[] names = [.. Repository.Sources(Repository.Product)
            .Where(file => FolderOf(file).Length == 0 && !file.StartsWith("Throw", StringComparison.Ordinal))
            .SelectMany(file => TypeDeclaration().Matches(CodeOf(file)).Select(match => match.Groups[1].Value))
            .Where(name => name != "Options").Distinct()];
        var pattern = new Regex($@"\b(?:{string.Join('|', names)})\b");

        Assert.Contains("LoraTransformer", names);
        Assert.DoesNotContain(InFolders(7),
            file => file != MLNetAccess && pattern.IsMatch(WithoutOwnDeclarations(file, pattern)));
    }

    [Fact]
    public void Nothing_below_the_views_mentions_ML_NET() => Assert.DoesNotContain(
        InFolders(6), file => MLNetNamespace().IsMatch(CodeOf(file)));

    [Fact]
    public void One_file_touches_what_ML_NET_keeps_to_itself()
    {
        var pattern = new Regex($@"\b(?:{string.Join('|', _closedNames)})\b");
        Assert.Equal([MLNetAccess], Repository.Sources(Repository.Product).Where(file => pattern.IsMatch(CodeOf(file))));
    }

    [Fact]
    public void Pointers_and_vectors_stay_at_the_bottom() => Assert.DoesNotContain(
        Repository.Sources(Repository.Product),
        file => FolderOf(file) is not ("Kernels" or "Tensors") && PointerOrVector().IsMatch(CodeOf(file)));

    private static IEnumerable<string> InFolders(int highestLevel) =>
        _levels.Where(level => level.Value <= highestLevel).SelectMany(level => FilesOf(level.Key));

    private static IEnumerable<string> FilesOf(string folder) =>
        Repository.Sources(Repository.Product).Where(file => FolderOf(file) == folder);

    private static string FolderOf(string file) => file.Contains('/') ? file[..file.IndexOf('/')] : "";

    // A lower folder may have a type of the same name as a root type; using its own is no upward reference.
    private static string WithoutOwnDeclarations(string file, Regex names)
    {
        string code = CodeOf(file);
        string folder = FolderOf(file);
        HashSet<string> own = [.. FilesOf(folder).SelectMany(f => TypeDeclaration().Matches(CodeOf(f)))
            .Select(match => match.Groups[1].Value)];
        return names.Replace(code, match => own.Contains(match.Value) ? "" : match.Value);
    }

    private static string CodeOf(string file) => Strings().Replace(
        Comments().Replace(File.ReadAllText(Path.Combine(Repository.Product, file)), ""), "\"\"");

    [GeneratedRegex(@"\bMicrosoft\.ML\.Lora\.([A-Z]\w+)")]
    private static partial Regex FolderReference();

    [GeneratedRegex(@"\b(?:class|record|struct|enum|interface)\s+(?:class\s+|struct\s+)?([A-Z]\w+)")]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"\bMicrosoft\.ML\.(?:Data|Runtime|Transforms|Trainers)\b|\b(?:IDataView|DataViewSchema|MLContext|IHost)\b")]
    private static partial Regex MLNetNamespace();

    [GeneratedRegex(@"\bunsafe\b|\bVector(?:64|128|256|512)\b|\bSystem\.Runtime\.Intrinsics\b")]
    private static partial Regex PointerOrVector();

    [GeneratedRegex(@"//[^\n]*")]
    private static partial Regex Comments();

    [GeneratedRegex("\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\n])*\"", RegexOptions.Singleline)]
    private static partial Regex Strings();
}
