using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>Turns keys into the values that their annotations list.</summary>
public sealed class KeyToValueMappingEstimator : TrivialEstimator<KeyToValueMappingTransformer>
{
    internal KeyToValueMappingEstimator(IHostEnvironment env,
        params (string outputColumnName, string inputColumnName)[] columns)
        : base(Contracts.CheckRef(env, nameof(env)).Register(nameof(KeyToValueMappingEstimator)),
            new KeyToValueMappingTransformer(env, columns))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Host.CheckValue(inputSchema, nameof(inputSchema));
        var shapes = new ShapeBuilder(inputSchema);
        foreach (var (output, input) in Transformer.ColumnPairs)
        {
            var source = shapes.Find(Host, input);
            if (!source.IsKey)
            {
                throw Host.ExceptSchemaMismatch(nameof(inputSchema), "input", input, "KeyType",
                    source.GetTypeString());
            }

            if (!source.Annotations.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out var values))
            {
                throw Host.ExceptParam(nameof(inputSchema),
                    $"Input column '{input}' doesn't contain key values metadata");
            }

            var slotNames = source.Annotations.Where(column => column.Name == AnnotationUtils.Kinds.SlotNames);
            shapes.Set(new SchemaShape.Column(output, source.Kind, values.ItemType, values.IsKey,
                new SchemaShape(slotNames)));
        }

        return shapes.ToShape();
    }
}

/// <summary>Looks keys up in the values of their annotations; a missing key gives the type's missing value.</summary>
public sealed class KeyToValueMappingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "KeyToValueTransform";

    private static readonly VersionInfo _version =
        new("KEY2VALT", 0x00010001, 0x00010001, 0x00010001, RealAssemblies.Data, LoaderSignature);

    internal KeyToValueMappingTransformer(IHostEnvironment env,
        params (string outputColumnName, string inputColumnName)[] columns)
        : base(Contracts.CheckRef(env, nameof(env)).Register(nameof(KeyToValueMappingTransformer)), columns)
    {
    }

    private KeyToValueMappingTransformer(IHost host, ModelLoadContext ctx) : base(host, ctx)
    {
    }

    internal static KeyToValueMappingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        Contracts.CheckValue(env, nameof(env));
        var host = env.Register(nameof(KeyToValueMappingTransformer));
        host.CheckValue(ctx, nameof(ctx));
        ctx.CheckAtModel(_version);
        return new KeyToValueMappingTransformer(host, ctx);
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        Host.CheckValue(ctx, nameof(ctx));
        ctx.CheckAtModel();
        ctx.SetVersionInfo(_version);
        SaveColumns(ctx);
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

    private sealed class Mapper : OneToOneMapperBase
    {
        private readonly KeyToValueMappingTransformer _parent;
        private readonly KeyLookup[] _lookups;

        public Mapper(KeyToValueMappingTransformer parent, DataViewSchema inputSchema)
            : base(parent.Host.Register(nameof(Mapper)), parent, inputSchema)
        {
            _parent = parent;
            _lookups = parent.ColumnPairs.Select((_, i) => MakeLookup(inputSchema[ColMapNewToOld[i]])).ToArray();
        }

        protected override DataViewSchema.DetachedColumn[] GetOutputColumnsCore() =>
            _parent.ColumnPairs.Select((pair, i) =>
            {
                var source = InputSchema[ColMapNewToOld[i]];
                var annotations = new DataViewSchema.Annotations.Builder();
                annotations.Add(source.Annotations, kind => kind == AnnotationUtils.Kinds.SlotNames);
                DataViewType type = source.Type is VectorDataViewType vector
                    ? new VectorDataViewType(_lookups[i].ValueType, vector.Dimensions)
                    : _lookups[i].ValueType;
                return new DataViewSchema.DetachedColumn(pair.outputColumnName, type, annotations.ToAnnotations());
            }).ToArray();

        protected override Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput,
            out Action disposer)
        {
            disposer = null;
            return _lookups[iinfo].MakeGetter(input, ColMapNewToOld[iinfo]);
        }

        private KeyLookup MakeLookup(DataViewSchema.Column column)
        {
            var values = column.Annotations.Schema.GetColumnOrNull(AnnotationUtils.Kinds.KeyValues)?.Type
                as VectorDataViewType;
            Host.Check(values != null, "Metadata KeyValues does not exist");
            Host.Check((ulong)values.Size == column.Type.GetItemType().GetKeyCount(),
                "KeyValues metadata size does not match column type key count");
            return KeyLookup.Create(column, values.ItemType);
        }
    }
}
