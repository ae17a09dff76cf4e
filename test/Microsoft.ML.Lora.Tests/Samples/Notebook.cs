using System.Text.Json;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Samples;

/// <summary>A notebook's C# cells, as one program.</summary>
internal static class Notebook
{
    // What the .NET kernel imports by itself.
    private static readonly string[] _kernelUsings =
    [
        "System", "System.Text", "System.Collections", "System.Collections.Generic", "System.Threading.Tasks", "System.Linq",
    ];

    /// <summary>The code cells' sources, lines that start with <c>#r</c> or <c>#!</c> left out.</summary>
    public static string[] CodeCells(string file)
    {
        using JsonDocument notebook = JsonDocument.Parse(File.ReadAllBytes(file));
        return
        [
            .. from cell in notebook.RootElement.GetProperty("cells").EnumerateArray()
               where cell.GetProperty("cell_type").GetString() == "code"
               let lines = cell.GetProperty("source").EnumerateArray().Select(line => line.GetString()!)
               select string.Concat(lines.Where(line => !line.StartsWith("#r ", StringComparison.Ordinal)
                   && !line.StartsWith("#!", StringComparison.Ordinal))),
        ];
    }

    /// <summary>Compiles the cells to a program that runs them in their order.</summary>
    public static void Compile(IEnumerable<string> cells, string assemblyPath)
    {
        var units = cells.Select(cell => SyntaxFactory.ParseCompilationUnit(cell)).ToArray();
        // A program has its statements before its types; cells have them in any order.
        MemberDeclarationSyntax[] members =
            [.. units.SelectMany(unit => unit.Members).OrderBy(member => member is GlobalStatementSyntax ? 0 : 1)];
        string source = string.Join('\n', _kernelUsings.Select(name => $"using {name};")) + "\n"
            + string.Concat(units.SelectMany(unit => unit.Usings).Select(name => name.ToFullString()))
            + string.Concat(members.Select(member => member.ToFullString() + "\n"));
        string[] references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        CSharpCompilation compilation = CSharpCompilation.Create(
            Path.GetFileNameWithoutExtension(assemblyPath),
            [CSharpSyntaxTree.ParseText(source)],
            references.Select(reference => MetadataReference.CreateFromFile(reference)),
            new CSharpCompilationOptions(OutputKind.ConsoleApplication));
        var result = compilation.Emit(assemblyPath);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error)));
    }
}
