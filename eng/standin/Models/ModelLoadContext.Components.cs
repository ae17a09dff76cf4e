using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

internal sealed partial class ModelLoadContext
{
    public void LoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, string name, params object[] extra)
        where TRes : class
    {
        if (!LoadModelOrNull<TRes, TSig>(env, out result, name, extra))
        {
            throw env.ExceptDecode("Corrupt model file");
        }
    }

    public bool LoadModelOrNull<TRes, TSig>(IHostEnvironment env, out TRes result, string name, params object[] extra)
        where TRes : class
    {
        env.CheckNonEmpty(name, nameof(name));
        result = null;
        return InRepository && LoadModelOrNull<TRes, TSig>(env, out result, Repository, SubPath(name), extra);
    }

    public static bool LoadModelOrNull<TRes, TSig>(IHostEnvironment env, out TRes result, RepositoryReader rep,
        string dir, params object[] extra)
        where TRes : class
    {
        env.CheckValue(rep, nameof(rep));
        using var entry = rep.OpenEntryOrNull(dir, ModelStreamName);
        if (entry == null)
        {
            result = null;
            return false;
        }

        LoadModel<TRes, TSig>(env, out result, rep, entry, dir, extra);
        return true;
    }

    public static void LoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, RepositoryReader rep, string dir,
        params object[] extra)
        where TRes : class
    {
        if (!LoadModelOrNull<TRes, TSig>(env, out result, rep, dir, extra))
        {
            throw env.ExceptDecode("Corrupt model file");
        }
    }

    public static void LoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, RepositoryReader rep,
        Repository.Entry ent, string dir, params object[] extra)
        where TRes : class
    {
        env.CheckValue(rep, nameof(rep));
        using var context = new ModelLoadContext(rep, ent, dir);
        if (!context.TryCreate<TRes, TSig>(env, extra, out result))
        {
            throw env.ExceptDecode($"Couldn't load model: '{dir}'");
        }
    }

    public static void LoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, Stream stream,
        params object[] extra)
        where TRes : class
    {
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        LoadModel<TRes, TSig>(env, out result, reader, extra);
    }

    public static void LoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, BinaryReader reader,
        params object[] extra)
        where TRes : class
    {
        if (!TryLoadModel<TRes, TSig>(env, out result, reader, extra))
        {
            throw env.ExceptDecode("Couldn't load model");
        }
    }

    public static bool TryLoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, Stream stream,
        params object[] extra)
        where TRes : class
    {
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        return TryLoadModel<TRes, TSig>(env, out result, reader, extra);
    }

    public static bool TryLoadModel<TRes, TSig>(IHostEnvironment env, out TRes result, BinaryReader reader,
        params object[] extra)
        where TRes : class
    {
        using var context = new ModelLoadContext(reader, env);
        return context.TryCreate<TRes, TSig>(env, extra, out result);
    }

    private bool TryCreate<TRes, TSig>(IHostEnvironment env, object[] extra, out TRes result) where TRes : class
    {
        if (!string.IsNullOrEmpty(LoaderAssemblyName))
        {
            env.ComponentCatalog.RegisterByName(LoaderAssemblyName);
        }

        object[] arguments = [this, .. extra];
        var created = TryCreate<TRes, TSig>(ModelHeader.GetLoaderSig(ref Header), env, arguments, out result)
            || TryCreate<TRes, TSig>(ModelHeader.GetLoaderSigAlt(ref Header), env, arguments, out result);
        if (created)
        {
            Done();
        }

        return created;
    }

    private static bool TryCreate<TRes, TSig>(string name, IHostEnvironment env, object[] arguments, out TRes result)
        where TRes : class
    {
        result = null;
        return name.Length > 0
            && env.ComponentCatalog.TryCreate(typeof(TSig), name, env, arguments, out result);
    }
}
