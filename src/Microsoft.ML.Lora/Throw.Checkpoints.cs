using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.Lora;

/// <summary>Errors about files of models and tokenizers: what is wrong, in which file, and what to do.</summary>
internal static partial class Throw
{
    private const int MaxListed = 20;

    /// <summary>Throws for a file whose content is not what its format demands.</summary>
    [DoesNotReturn]
    public static void InvalidData_File(string file, string problem) =>
        throw new InvalidDataException($"'{file}': {problem}");

    /// <summary>Throws for a file with several problems, listing them all (up to a limit).</summary>
    [DoesNotReturn]
    public static void InvalidData_Problems(string file, string what, IReadOnlyList<string> problems)
    {
        if (problems.Count == 1)
        {
            throw new InvalidDataException($"'{file}': {what}: {problems[0]}");
        }

        var lines = problems.Take(MaxListed).Select(problem => "\n  - " + problem);
        var more = problems.Count > MaxListed ? $"\n  and {problems.Count - MaxListed} more" : string.Empty;
        throw new InvalidDataException($"'{file}': {what}:{string.Concat(lines)}{more}");
    }

    /// <summary>Throws for a file that a model needs and its place does not have.</summary>
    [DoesNotReturn]
    public static void FileNotFound_Model(string place, string needed) =>
        throw new FileNotFoundException($"{place} has no {needed}.");

    /// <summary>Throws for something that is well formed and not supported.</summary>
    [DoesNotReturn]
    public static void NotSupported_InFile(string file, string what) =>
        throw new NotSupportedException($"'{file}': {what}");

    /// <summary>Quotes a name out of a file for an error message: shortened, with no control characters.</summary>
    public static string Quote(string name)
    {
        const int MaxLength = 120;
        var shown = name.Length <= MaxLength ? name : name[..MaxLength] + "…";
        return "'" + string.Concat(shown.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)) + "'";
    }
}
