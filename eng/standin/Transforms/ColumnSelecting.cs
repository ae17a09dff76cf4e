using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>Keeps or drops columns by name.</summary>
public sealed class ColumnSelectingEstimator : TrivialEstimator<ColumnSelectingTransformer>
{
    internal ColumnSelectingEstimator(IHostEnvironment env, string[] keepColumns, string[] dropColumns,
        bool keepHidden = false, bool ignoreMissing = false)
        : base(Contracts.CheckRef(env, nameof(env)).Register(nameof(ColumnSelectingEstimator)),
            new ColumnSelectingTransformer(env, keepColumns, dropColumns, keepHidden, ignoreMissing))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Host.CheckValue(inputSchema, nameof(inputSchema));
        Transformer.CheckPresent(name => inputSchema.TryFindColumn(name, out _));
        return new SchemaShape(inputSchema.Where(column => Transformer.Keeps(column.Name)));
    }
}

/// <summary>A view, or a row, with some of the columns of another.</summary>
public sealed class ColumnSelectingTransformer : ITransformer
{
    internal const string LoaderSignature = "SelectColumnsTransform";

    private static readonly VersionInfo _version =
        new("SELCOLST", 0x00010001, 0x00010001, 0x00010001, RealAssemblies.Data, LoaderSignature);

    private readonly IHost _host;
    private readonly string[] _names;
    private readonly bool _keep;
    private readonly bool _keepHidden;
    private readonly bool _ignoreMissing;

    internal ColumnSelectingTransformer(IHostEnvironment env, string[] keepColumns, string[] dropColumns,
        bool keepHidden = false, bool ignoreMissing = false)
    {
        _host = Contracts.CheckRef(env, nameof(env)).Register(nameof(ColumnSelectingTransformer));
        _keep = keepColumns is { Length: > 0 };
        var drop = dropColumns is { Length: > 0 };
        _host.Check(_keep || drop, "Neither keepColumns and dropColumns is set. Exactly one must be specified.");
        _host.Check(!_keep || !drop, "Both keepColumns and dropColumns are set. Exactly one must be specified.");
        _names = _keep ? keepColumns : dropColumns;
        _keepHidden = keepHidden;
        _ignoreMissing = ignoreMissing;
    }

    private ColumnSelectingTransformer(IHost host, ModelLoadContext ctx)
    {
        _host = host;
        _keep = ctx.Reader.ReadBoolean();
        _keepHidden = ctx.Reader.ReadBoolean();
        _ignoreMissing = ctx.Reader.ReadBoolean();
        var count = ctx.Reader.ReadInt32();
        host.CheckDecode(count >= 0 && count <= (ctx.Header.CbModel / sizeof(int)));
        _names = new string[count];
        for (var i = 0; i < count; i++)
        {
            _names[i] = ctx.LoadNonEmptyString();
        }
    }

    bool ITransformer.IsRowToRowMapper => true;

    public IDataView Transform(IDataView input)
    {
        _host.CheckValue(input, nameof(input));
        return new SelectColumnsDataTransform(_host, input, ChooseColumns(input.Schema));
    }

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        _host.CheckValue(inputSchema, nameof(inputSchema));
        return SelectColumnsDataTransform.MakeSchema(inputSchema, ChooseColumns(inputSchema));
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema)
    {
        _host.CheckValue(inputSchema, nameof(inputSchema));
        return new SelectColumnsDataTransform(_host, new EmptyDataView(_host, inputSchema),
            ChooseColumns(inputSchema));
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        _host.CheckValue(ctx, nameof(ctx));
        ctx.CheckAtModel();
        ctx.SetVersionInfo(_version);
        ctx.Writer.Write(_keep);
        ctx.Writer.Write(_keepHidden);
        ctx.Writer.Write(_ignoreMissing);
        ctx.Writer.Write(_names.Length);
        foreach (var name in _names)
        {
            ctx.SaveNonEmptyString(name);
        }
    }

    internal static ColumnSelectingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        Contracts.CheckValue(env, nameof(env));
        var host = env.Register(nameof(ColumnSelectingTransformer));
        host.CheckValue(ctx, nameof(ctx));
        ctx.CheckAtModel(_version);
        return new ColumnSelectingTransformer(host, ctx);
    }

    internal bool Keeps(string name) => _names.Contains(name) == _keep;

    internal void CheckPresent(Func<string, bool> isPresent)
    {
        if (!_ignoreMissing && _names.FirstOrDefault(name => !isPresent(name)) is { } missing)
        {
            throw _host.ExceptSchemaMismatch("inputSchema", "input", missing);
        }
    }

    /// <summary>The indices of the columns kept, in the order of the output.</summary>
    private int[] ChooseColumns(DataViewSchema schema)
    {
        CheckPresent(name => schema.GetColumnOrNull(name).HasValue);
        var kept = _keep
            ? _names.SelectMany(name => schema.Where(column => column.Name == name))
                .Where(column => _keepHidden || !column.IsHidden)
            : schema.Where(column => Keeps(column.Name));
        return kept.Select(column => column.Index).ToArray();
    }
}
