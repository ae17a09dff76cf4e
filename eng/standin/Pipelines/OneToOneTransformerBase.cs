using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Base of transformers that make each output column from one input column.</summary>
public abstract class OneToOneTransformerBase : RowToRowTransformerBase
{
    internal readonly (string outputColumnName, string inputColumnName)[] ColumnPairs;

    private protected OneToOneTransformerBase(IHost host,
        params (string outputColumnName, string inputColumnName)[] columns)
        : base(host)
    {
        host.CheckNonEmpty(columns, nameof(columns));
        var names = new HashSet<string>();
        foreach (var (output, input) in columns)
        {
            host.CheckNonEmpty(input, nameof(columns));
            host.CheckNonEmpty(output, nameof(columns));
            Contracts.CheckParam(names.Add(output), nameof(columns),
                $"Name of the result column '{output}' specified multiple times");
        }

        ColumnPairs = columns;
    }

    private protected OneToOneTransformerBase(IHost host, ModelLoadContext ctx) : base(host)
    {
        var count = ctx.Reader.ReadInt32();
        host.CheckDecode(count > 0);
        ColumnPairs = new (string, string)[count];
        for (var i = 0; i < count; i++)
        {
            var output = ctx.LoadNonEmptyString();
            ColumnPairs[i] = (output, ctx.LoadNonEmptyString());
        }
    }

    private protected void SaveColumns(ModelSaveContext ctx)
    {
        Host.CheckValue(ctx, nameof(ctx));
        ctx.Writer.Write(ColumnPairs.Length);
        foreach (var (output, input) in ColumnPairs)
        {
            ctx.SaveNonEmptyString(output);
            ctx.SaveNonEmptyString(input);
        }
    }

    private protected virtual void CheckInputColumn(DataViewSchema inputSchema, int col, int srcCol)
    {
    }

    private int FindInputColumn(DataViewSchema inputSchema, int pair)
    {
        var name = ColumnPairs[pair].inputColumnName;
        if (!inputSchema.TryGetColumnIndex(name, out var index))
        {
            throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", name);
        }

        CheckInputColumn(inputSchema, pair, index);
        return index;
    }

    /// <summary>Base of the mappers of such transformers.</summary>
    private protected abstract class OneToOneMapperBase : MapperBase
    {
        protected readonly Dictionary<int, int> ColMapNewToOld;

        private readonly OneToOneTransformerBase _parent;

        protected OneToOneMapperBase(IHost host, OneToOneTransformerBase parent, DataViewSchema inputSchema)
            : base(host, inputSchema, parent)
        {
            _parent = parent;
            ColMapNewToOld = [];
            for (var i = 0; i < parent.ColumnPairs.Length; i++)
            {
                ColMapNewToOld.Add(i, parent.FindInputColumn(inputSchema, i));
            }
        }

        private protected override Func<int, bool> GetDependenciesCore(Func<int, bool> activeOutput)
        {
            var active = new bool[InputSchema.Count];
            foreach (var (output, input) in ColMapNewToOld)
            {
                active[input] |= activeOutput(output);
            }

            return column => active[column];
        }

        private protected override void SaveModel(ModelSaveContext ctx) => _parent.SaveModel(ctx);
    }
}
