using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>
/// Files read one after another; paths may hold wildcards and several parts joined by '+'. Files that are not
/// there are left out.
/// </summary>
public sealed class MultiFileSource : IMultiStreamSource
{
    private readonly string[] _paths;

    public MultiFileSource(params string[] paths)
    {
        _paths = paths switch
        {
            null => [],
            [null] => [],
            _ => paths.SelectMany(path => PathPattern.Expand(path ?? "")).ToArray() is { Length: > 0 } found
                ? found : paths,
        };
    }

    public int Count => _paths.Length;

    public string GetPathOrNull(int index)
    {
        CheckIndex(index);
        return _paths[index];
    }

    public Stream Open(int index)
    {
        CheckIndex(index);
        string path = _paths[index];
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception ex)
        {
            throw Contracts.ExceptIO(ex, "Could not open file '{0}'. Error is: {1}", path, ex.Message);
        }
    }

    public TextReader OpenTextReader(int index) => new StreamReader(Open(index));

    private void CheckIndex(int index)
    {
        Contracts.CheckParam(index >= 0 && index < _paths.Length, nameof(index));
    }
}
