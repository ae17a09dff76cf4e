using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Reads one component: header, payload, strings, side files and sub-models.</summary>
internal sealed partial class ModelLoadContext : IDisposable
{
    public const string ModelStreamName = "Model.key";

    public readonly RepositoryReader Repository;

    public readonly string Directory;

    public readonly BinaryReader Reader;

    public readonly string[] Strings;

    public readonly string LoaderAssemblyName;

    public readonly long FpMin;

    internal ModelHeader Header;

    private readonly IExceptionContext _ectx;

    internal ModelLoadContext(RepositoryReader rep, Repository.Entry ent, string dir)
    {
        Contracts.CheckValue(rep, nameof(rep));
        _ectx = rep.ExceptionContext;
        Repository = rep;
        Directory = dir ?? "";
        Reader = new BinaryReader(ent.Stream, Encoding.UTF8, leaveOpen: true);
        ModelHeader.BeginRead(out FpMin, out Header, out Strings, out LoaderAssemblyName, Reader);
    }

    internal ModelLoadContext(BinaryReader reader, IExceptionContext ectx = null)
    {
        ectx.CheckValue(reader, nameof(reader));
        _ectx = ectx;
        Reader = reader;
        ModelHeader.BeginRead(out FpMin, out Header, out Strings, out LoaderAssemblyName, Reader);
    }

    public bool InRepository => Repository != null;

    public void CheckAtModel() => _ectx.Check(Reader.BaseStream.Position == FpMin + Header.FpModel);

    public void CheckAtModel(VersionInfo ver)
    {
        CheckAtModel();
        ModelHeader.CheckVersionInfo(ref Header, ver);
    }

    public void CheckVersionInfo(VersionInfo ver) => ModelHeader.CheckVersionInfo(ref Header, ver);

    public string LoadStringOrNull()
    {
        var id = Reader.ReadInt32();
        _ectx.CheckDecode(id >= -1 && id < (Strings?.Length ?? 0));
        return id < 0 ? null : Strings[id];
    }

    public string LoadString()
    {
        var id = Reader.ReadInt32();
        _ectx.CheckDecode(id >= 0 && id < (Strings?.Length ?? 0));
        return Strings[id];
    }

    public string LoadNonEmptyString()
    {
        var text = LoadString();
        _ectx.CheckDecode(text.Length > 0);
        return text;
    }

    public bool TryLoadBinaryStream(string name, Action<BinaryReader> action)
    {
        using var entry = OpenSideFile(name);
        if (entry == null)
        {
            return false;
        }

        using var reader = new BinaryReader(entry.Stream, Encoding.UTF8, leaveOpen: true);
        action(reader);
        return true;
    }

    public bool TryLoadTextStream(string name, Action<TextReader> action)
    {
        using var entry = OpenSideFile(name);
        if (entry == null)
        {
            return false;
        }

        using var reader = new StreamReader(entry.Stream, Encoding.UTF8, true, -1, leaveOpen: true);
        action(reader);
        return true;
    }

    public bool TryProcessSubModel(string dir, Action<ModelLoadContext> action)
    {
        _ectx.CheckNonEmpty(dir, nameof(dir));
        _ectx.CheckValue(action, nameof(action));
        var path = SubPath(dir);
        using var entry = Repository?.OpenEntryOrNull(path, ModelStreamName);
        if (entry == null)
        {
            return false;
        }

        using var context = new ModelLoadContext(Repository, entry, path);
        action(context);
        context.Done();
        return true;
    }

    public void Done() => ModelHeader.EndRead(FpMin, ref Header, Reader);

    public void Dispose()
    {
    }

    private Repository.Entry OpenSideFile(string name)
    {
        _ectx.CheckNonEmpty(name, nameof(name));
        return Repository?.OpenEntryOrNull(Directory, name);
    }

    private string SubPath(string name) => Directory.Length == 0 ? name : $"{Directory}/{name}";
}
