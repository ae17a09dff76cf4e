using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Loads text files into views and saves views as text.</summary>
public static class TextLoaderSaverCatalog
{
    public static TextLoader CreateTextLoader(
        this DataOperationsCatalog catalog,
        TextLoader.Column[] columns,
        char separatorChar = '\t',
        bool hasHeader = false,
        IMultiStreamSource dataSample = null,
        bool allowQuoting = false,
        bool trimWhitespace = false,
        bool allowSparse = false)
    {
        TextLoader.Options options = Options(separatorChar, hasHeader, allowQuoting, trimWhitespace, allowSparse);
        options.Columns = columns;
        return new TextLoader(catalog.GetEnvironment(), options, dataSample);
    }

    public static TextLoader CreateTextLoader(
        this DataOperationsCatalog catalog, TextLoader.Options options, IMultiStreamSource dataSample = null)
    {
        return new TextLoader(catalog.GetEnvironment(), options, dataSample);
    }

    public static TextLoader CreateTextLoader<TInput>(
        this DataOperationsCatalog catalog,
        char separatorChar = '\t',
        bool hasHeader = false,
        IMultiStreamSource dataSample = null,
        bool allowQuoting = false,
        bool trimWhitespace = false,
        bool allowSparse = false)
    {
        TextLoader.Options options = Options(separatorChar, hasHeader, allowQuoting, trimWhitespace, allowSparse);
        return CreateTextLoader<TInput>(catalog, options, dataSample);
    }

    public static TextLoader CreateTextLoader<TInput>(
        this DataOperationsCatalog catalog, TextLoader.Options options, IMultiStreamSource dataSample = null)
    {
        IHostEnvironment env = catalog.GetEnvironment();
        options.Columns = TypedTextColumns.Create(env, typeof(TInput));
        return new TextLoader(env, options, dataSample);
    }

    public static IDataView LoadFromTextFile(
        this DataOperationsCatalog catalog,
        string path,
        TextLoader.Column[] columns,
        char separatorChar = '\t',
        bool hasHeader = false,
        bool allowQuoting = false,
        bool trimWhitespace = false,
        bool allowSparse = false)
    {
        TextLoader.Options options = Options(separatorChar, hasHeader, allowQuoting, trimWhitespace, allowSparse);
        options.Columns = columns;
        CheckPath(path);
        return new TextLoader(catalog.GetEnvironment(), options).Load(new MultiFileSource(path));
    }

    public static IDataView LoadFromTextFile(
        this DataOperationsCatalog catalog, string path, TextLoader.Options options = null)
    {
        CheckPath(path);
        var source = new MultiFileSource(path);
        return new TextLoader(catalog.GetEnvironment(), options, source).Load(source);
    }

    public static IDataView LoadFromTextFile<TInput>(
        this DataOperationsCatalog catalog,
        string path,
        char separatorChar = '\t',
        bool hasHeader = false,
        bool allowQuoting = false,
        bool trimWhitespace = false,
        bool allowSparse = false)
    {
        TextLoader.Options options = Options(separatorChar, hasHeader, allowQuoting, trimWhitespace, allowSparse);
        return LoadFromTextFile<TInput>(catalog, path, options);
    }

    public static IDataView LoadFromTextFile<TInput>(
        this DataOperationsCatalog catalog, string path, TextLoader.Options options)
    {
        CheckPath(path);
        return CreateTextLoader<TInput>(catalog, options ?? new TextLoader.Options()).Load(new MultiFileSource(path));
    }

    public static void SaveAsText(
        this DataOperationsCatalog catalog,
        IDataView data,
        Stream stream,
        char separatorChar = '\t',
        bool headerRow = true,
        bool schema = true,
        bool keepHidden = false,
        bool forceDense = false)
    {
        Contracts.CheckValue(catalog, nameof(catalog));
        Contracts.CheckValue(data, nameof(data));
        if (separatorChar is not (' ' or '\t' or ',' or ';' or '|'))
        {
            throw Contracts.ExceptUserArg(
                "Separator", "Invalid separator - must be: space, tab, comma, semicolon, or bar");
        }

        IHost host = catalog.GetEnvironment().Register("TextSaver");
        using IChannel channel = host.Start("Saving");
        var layout = new TextSaver.Layout(separatorChar, headerRow, schema, forceDense);
        int[] columns = [.. data.Schema.Where(column => keepHidden || !column.IsHidden).Select(column => column.Index)];
        new TextSaver(host, channel, layout).Save(data, columns, stream);
    }

    private static void CheckPath(string path)
    {
        Contracts.CheckNonEmpty(path, nameof(path));
        if (!File.Exists(path) && PathPattern.Expand(path).Length == 0)
        {
            throw Contracts.ExceptParam(nameof(path), "File or directory does not exist at path: {0}", path);
        }
    }

    private static TextLoader.Options Options(
        char separatorChar, bool hasHeader, bool allowQuoting, bool trimWhitespace, bool allowSparse)
    {
        return new TextLoader.Options
        {
            Separators = [separatorChar],
            HasHeader = hasHeader,
            AllowQuoting = allowQuoting,
            TrimWhitespace = trimWhitespace,
            AllowSparse = allowSparse,
        };
    }
}
