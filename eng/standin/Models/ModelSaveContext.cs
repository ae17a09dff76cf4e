using System.Text;
using Microsoft.ML.Internal.Utilities;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>What can be written into a model.</summary>
public interface ICanSaveModel
{
    void Save(ModelSaveContext ctx);
}

/// <summary>Writes one component: header, payload, strings, side files and sub-models.</summary>
public sealed class ModelSaveContext : IDisposable
{
    internal readonly BinaryWriter Writer;

    internal readonly NormStr.Pool Strings = new();

    internal readonly RepositoryWriter Repository;

    internal readonly string Directory;

    internal readonly long FpMin;

    internal ModelHeader Header;

    private readonly IExceptionContext _ectx;
    private readonly Repository.Entry _entry;
    private string _loaderAssemblyName;

    internal ModelSaveContext(RepositoryWriter rep, string dir, string name)
    {
        Contracts.CheckValue(rep, nameof(rep));
        _ectx = rep.ExceptionContext;
        Repository = rep;
        Directory = dir ?? "";
        _entry = rep.CreateEntry(dir, name);
        Writer = new BinaryWriter(_entry.Stream, Encoding.UTF8, leaveOpen: true);
        ModelHeader.BeginWrite(Writer, out FpMin, out Header);
    }

    internal ModelSaveContext(BinaryWriter writer, IExceptionContext ectx = null)
    {
        ectx.CheckValue(writer, nameof(writer));
        _ectx = ectx;
        Writer = writer;
        ModelHeader.BeginWrite(Writer, out FpMin, out Header);
    }

    internal bool InRepository => Repository != null;

    public void Dispose() => _entry?.Dispose();

    internal static void SaveModel<T>(RepositoryWriter rep, T value, string path) where T : class
    {
        if (value == null)
        {
            return;
        }

        var saveable = value as ICanSaveModel
            ?? throw rep.ExceptionContext.Except($"Couldn't save model of type {value.GetType().Name}");
        using var context = new ModelSaveContext(rep, path, ModelLoadContext.ModelStreamName);
        saveable.Save(context);
        context.Done();
    }

    internal static void Save(BinaryWriter writer, Action<ModelSaveContext> fn)
    {
        using var context = new ModelSaveContext(writer);
        fn(context);
        context.Done();
    }

    internal void CheckAtModel() =>
        _ectx.Check(Position() == FpMin + Header.FpModel, "Must be at the start of the model payload");

    internal void SetVersionInfo(VersionInfo ver)
    {
        ModelHeader.SetVersionInfo(ref Header, ver);
        _loaderAssemblyName = ver.LoaderAssemblyName;
    }

    internal void SaveTextStream(string name, Action<TextWriter> action)
    {
        _ectx.Check(InRepository, "Can't save a text stream when writing to a single stream");
        using var entry = Repository.CreateEntry(Directory, name);
        using var writer = new StreamWriter(entry.Stream, new UTF8Encoding(false), leaveOpen: true);
        action(writer);
        writer.Flush();
    }

    internal void SaveBinaryStream(string name, Action<BinaryWriter> action)
    {
        _ectx.Check(InRepository, "Can't save a binary stream when writing to a single stream");
        using var entry = Repository.CreateEntry(Directory, name);
        using var writer = new BinaryWriter(entry.Stream, Encoding.UTF8, leaveOpen: true);
        action(writer);
        writer.Flush();
    }

    internal void SaveModel<T>(T value, string name) where T : class
    {
        _ectx.CheckNonEmpty(name, nameof(name));
        _ectx.Check(InRepository, "Can't save a sub-model when writing to a single stream");
        SaveModel(Repository, value, SubPath(name));
    }

    internal void SaveSubModel(string dir, Action<ModelSaveContext> fn)
    {
        _ectx.CheckNonEmpty(dir, nameof(dir));
        _ectx.CheckValue(fn, nameof(fn));
        _ectx.Check(InRepository, "Can't save a sub-model when writing to a single stream");
        using var context = new ModelSaveContext(Repository, SubPath(dir), ModelLoadContext.ModelStreamName);
        fn(context);
        context.Done();
    }

    internal void SaveStringOrNull(string str) => Writer.Write(str == null ? -1 : Strings.Add(str).Id);

    internal void SaveString(string str)
    {
        _ectx.CheckValue(str, nameof(str));
        Writer.Write(Strings.Add(str).Id);
    }

    internal void SaveString(ReadOnlyMemory<char> str) => Writer.Write(Strings.Add(str).Id);

    internal void SaveNonEmptyString(string str)
    {
        _ectx.CheckNonEmpty(str, nameof(str));
        Writer.Write(Strings.Add(str).Id);
    }

    internal void SaveNonEmptyString(ReadOnlyMemory<char> str)
    {
        _ectx.CheckParam(str.Length > 0, nameof(str));
        Writer.Write(Strings.Add(str).Id);
    }

    internal void Done()
    {
        _ectx.Check(Header.ModelSignature != 0, "SetVersionInfo has not been called");
        ModelHeader.EndWrite(Writer, FpMin, ref Header, Strings, _loaderAssemblyName);
        Dispose();
    }

    private string SubPath(string name) => Directory.Length == 0 ? name : $"{Directory}/{name}";

    private long Position()
    {
        Writer.Flush();
        return Writer.BaseStream.Position;
    }
}
