namespace Microsoft.ML.Lora.Checkpoints;

/// <summary>Names of files that come out of other files: only what stays inside the model's folder is let through.</summary>
internal static class ModelPath
{
    /// <summary>Whether a name is one path segment: no separator, drive, control character or dots alone.</summary>
    public static bool IsPlainName(string name) =>
        name.Length is > 0 and <= 255
        && name.Trim() == name
        && name.Trim('.').Length > 0
        && name.All(c => c is not ('/' or '\\' or ':' or '*' or '?' or '"' or '<' or '>' or '|') && !char.IsControl(c));

    /// <summary>Whether a name is a path of plain segments joined by '/'.</summary>
    public static bool IsPlainPath(string path) => path.Split('/').All(IsPlainName);
}
