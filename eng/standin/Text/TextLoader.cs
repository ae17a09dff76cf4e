using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Makes views of text files.</summary>
public sealed partial class TextLoader : IDataLoader<IMultiStreamSource>
{
    internal const string LoaderSignature = "TextLoader";

    private readonly IHost _host;
    private readonly TextFormat _format;
    private readonly TextColumn[] _columns;
    private readonly string _header;
    private readonly bool _useThreads;
    private readonly DataViewSchema _schema;

    /// <param name="env">The environment.</param>
    /// <param name="options">How lines become rows; null for the defaults.</param>
    /// <param name="dataSample">Where the header and the lengths of open ranges are looked up; may be null.</param>
    internal TextLoader(IHostEnvironment env, Options options = null, IMultiStreamSource dataSample = null)
    {
        options ??= new Options();
        Contracts.CheckValue(env, nameof(env));
        _host = env.Register(LoaderSignature);
        if (options.Columns is not { Length: > 0 })
        {
            options = EmbeddedTextOptions.Find(dataSample, options) ?? options;
        }

        _format = TextFormat.Create(env, options);
        _useThreads = options.UseThreads;
        Column[] columns = options.Columns is { Length: > 0 } given ? given : DefaultColumns();
        using IChannel channel = _host.Start("Binding");
        IMultiStreamSource header = HeaderSource(options, dataSample);
        _header = header == null ? null : ReadHeader(header);
        _columns = new TextColumnResolver(
            channel, columns, () => SampleLineLength(channel, columns, dataSample)).Resolve();
        _schema = TextHeader.CreateSchema(_columns, _header, _format, _host);
    }

    /// <summary>The schema of every view that the loader makes.</summary>
    public DataViewSchema GetOutputSchema() => _schema;

    /// <summary>A view of the files; nothing is read before a cursor moves.</summary>
    public IDataView Load(IMultiStreamSource source) => new BoundLoader(this, source);

    void ICanSaveModel.Save(ModelSaveContext ctx) => Save(ctx);

    private static Column[] DefaultColumns() =>
    [
        new Column("Label", DataKind.Single, 0),
        new Column("Features", DataKind.Single, [new Range(1, null)]),
    ];

    private static IMultiStreamSource HeaderSource(Options options, IMultiStreamSource dataSample)
    {
        if (!string.IsNullOrWhiteSpace(options.HeaderFile))
        {
            return new MultiFileSource(options.HeaderFile);
        }

        return options.HasHeader && dataSample is { Count: > 0 } ? dataSample : null;
    }

    private int SampleLineLength(IExceptionContext context, Column[] columns, IMultiStreamSource dataSample) =>
        _format.InputSize > 0 || !TextColumnResolver.NeedsLineLength(columns)
            ? _format.InputSize
            : TextColumnResolver.SampleLineLength(context, _host, _format, dataSample);

    private string ReadHeader(IMultiStreamSource source)
    {
        using var lines = new TextLineReader(source, _format, isSample: true, trims: false);
        return lines.NextBatch(2)?.Lines[0].Text;
    }
}
