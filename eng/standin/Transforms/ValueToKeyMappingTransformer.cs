using Microsoft.ML.Data;
using Microsoft.ML.Data.IO;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>Replaces values by their numbers among the values learned; others become missing.</summary>
public sealed class ValueToKeyMappingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "TermTransform";

    private const string VocabularyDirectory = "Vocabulary";
    private const string TermsFile = "Terms.txt";

    private static readonly VersionInfo _version =
        new("TERMTRNF", 0x00010003, 0x00010003, 0x00010001, RealAssemblies.Data, LoaderSignature);

    private static readonly VersionInfo _vocabularyVersion =
        new("TERM MAN", 0x00010002, 0x00010002, 0x00010001, RealAssemblies.Data, "TermManager");

    private readonly TermMap[] _terms;
    private readonly bool[] _annotateAsText;

    internal ValueToKeyMappingTransformer(IHostEnvironment env,
        (string outputColumnName, string inputColumnName)[] columns, TermMap[] terms, bool annotateAsText)
        : base(env.Register(nameof(ValueToKeyMappingTransformer)), columns)
    {
        _terms = terms;
        _annotateAsText = Enumerable.Repeat(annotateAsText, terms.Length).ToArray();
    }

    private ValueToKeyMappingTransformer(IHost host, ModelLoadContext ctx) : base(host, ctx)
    {
        _annotateAsText = new bool[ColumnPairs.Length];
        for (var i = 0; i < _annotateAsText.Length; i++)
        {
            _annotateAsText[i] = ctx.Header.ModelVerWritten >= 0x00010003 && ctx.Reader.ReadBoolean();
        }

        TermMap[] terms = null;
        if (!ctx.TryProcessSubModel(VocabularyDirectory, vocabulary => terms = LoadTerms(vocabulary)))
        {
            throw host.ExceptDecode("Missing Vocabulary model");
        }

        _terms = terms;
    }

    internal static ValueToKeyMappingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        Contracts.CheckValue(env, nameof(env));
        var host = env.Register(nameof(ValueToKeyMappingTransformer));
        host.CheckValue(ctx, nameof(ctx));
        ctx.CheckAtModel(_version);
        return new ValueToKeyMappingTransformer(host, ctx);
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        Host.CheckValue(ctx, nameof(ctx));
        ctx.CheckAtModel();
        ctx.SetVersionInfo(_version);
        SaveColumns(ctx);
        foreach (var asText in _annotateAsText)
        {
            ctx.Writer.Write(asText);
        }

        ctx.SaveSubModel(VocabularyDirectory, SaveTerms);
    }

    private protected override void CheckInputColumn(DataViewSchema inputSchema, int col, int srcCol)
    {
        var type = inputSchema[srcCol].Type;
        Host.Check(type.GetItemType().Equals(_terms[col].ItemType),
            $"Could not apply a map over type '{_terms[col].ItemType}' to column " +
            $"'{ColumnPairs[col].outputColumnName}' since it has type '{type}'");
    }

    private protected override IRowMapper MakeRowMapper(DataViewSchema schema) => new Mapper(this, schema);

    private TermMap[] LoadTerms(ModelLoadContext ctx)
    {
        ctx.CheckAtModel(_vocabularyVersion);
        var count = ctx.Reader.ReadInt32();
        Host.CheckDecode(count == ColumnPairs.Length);
        var codecs = new ValueCodecs(Host);
        var terms = new TermMap[count];
        for (var i = 0; i < count; i++)
        {
            terms[i] = TermMap.Load(ctx, Host, codecs);
        }

        return terms;
    }

    private void SaveTerms(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(_vocabularyVersion);
        ctx.Writer.Write(_terms.Length);
        var codecs = new ValueCodecs(Host);
        foreach (var terms in _terms)
        {
            terms.Save(ctx, Host, codecs);
        }

        ctx.SaveTextStream(TermsFile, writer =>
        {
            foreach (var terms in _terms)
            {
                terms.Print(writer);
            }
        });
    }

    private sealed class Mapper : OneToOneMapperBase
    {
        private readonly ValueToKeyMappingTransformer _parent;

        public Mapper(ValueToKeyMappingTransformer parent, DataViewSchema inputSchema)
            : base(parent.Host.Register(nameof(Mapper)), parent, inputSchema)
        {
            _parent = parent;
        }

        protected override DataViewSchema.DetachedColumn[] GetOutputColumnsCore() =>
            _parent.ColumnPairs.Select((pair, i) =>
            {
                var source = InputSchema[ColMapNewToOld[i]];
                var terms = _parent._terms[i];
                var annotations = new DataViewSchema.Annotations.Builder();
                terms.AddKeyValues(annotations, _parent._annotateAsText[i], source);
                annotations.Add(source.Annotations, kind => kind == AnnotationUtils.Kinds.SlotNames);
                DataViewType type = source.Type is VectorDataViewType vector
                    ? new VectorDataViewType(terms.KeyType, vector.Dimensions)
                    : terms.KeyType;
                return new DataViewSchema.DetachedColumn(pair.outputColumnName, type, annotations.ToAnnotations());
            }).ToArray();

        protected override Delegate MakeGetter(DataViewRow input, int iinfo, Func<int, bool> activeOutput,
            out Action disposer)
        {
            disposer = null;
            return _parent._terms[iinfo].MakeGetter(input, ColMapNewToOld[iinfo]);
        }
    }
}
