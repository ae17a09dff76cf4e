using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.StandIn.Tests.Friends;

[assembly: LoadableClass(typeof(LengthTransformer), null, typeof(SignatureLoadModel), "Length transform",
    LengthTransformer.LoaderSignature)]

namespace Microsoft.ML.StandIn.Tests.Friends;

/// <summary>A component as friends write them: the lengths of texts times a factor, kept in its own file.</summary>
internal sealed class LengthTransformer : OneToOneTransformerBase
{
    public const string LoaderSignature = "LengthTransform";

    private const string FactorFile = "factor.bin";
    private const string NoteFile = "note.txt";

    private readonly float _factor;

    public LengthTransformer(IHostEnvironment env, float factor, string output, string input)
        : base(env.Register(nameof(LengthTransformer)), (output, input))
    {
        _factor = factor;
    }

    private LengthTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx)
    {
        var factor = 0f;
        host.CheckDecode(ctx.TryLoadBinaryStream(FactorFile, reader => factor = reader.ReadSingle()));
        host.CheckDecode(ctx.TryLoadTextStream(NoteFile, reader => Note = reader.ReadToEnd()));
        host.CheckDecode(!ctx.TryLoadBinaryStream("missing.bin", _ => { }));
        _factor = factor;
    }

    public string Note { get; private set; } = "made";

    private static VersionInfo Version { get; } = new("LENGTH T", 0x00010002, 0x00010001, 0x00010001,
        typeof(LengthTransformer).Assembly.FullName, LoaderSignature);

    private static LengthTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(Version);
        return new LengthTransformer(env.Register(nameof(LengthTransformer)), ctx);
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(Version);
        SaveColumns(ctx);
        ctx.SaveBinaryStream(FactorFile, writer => writer.Write(_factor));
        ctx.SaveTextStream(NoteFile, writer => writer.Write("kept"));
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

    private sealed class Mapper : OneToOneMapperBase
    {
        private readonly LengthTransformer _parent;

        public Mapper(LengthTransformer parent, DataViewSchema inputSchema)
            : base(parent.Host.Register(nameof(Mapper)), parent, inputSchema)
        {
            _parent = parent;
        }

        protected override DataViewSchema.DetachedColumn[] GetOutputColumnsCore() =>
            [new(_parent.ColumnPairs[0].outputColumnName, NumberDataViewType.Single)];

        protected override Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput,
            out Action disposer)
        {
            disposer = null!;
            var source = input.GetGetter<ReadOnlyMemory<char>>(input.Schema[ColMapNewToOld[iinfo]]);
            var text = default(ReadOnlyMemory<char>);
            return (ValueGetter<float>)((ref float value) =>
            {
                source(ref text);
                value = text.Length * _parent._factor;
            });
        }
    }
}
