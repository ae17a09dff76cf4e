using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A loader followed by a chain of transformers.</summary>
public sealed class CompositeDataLoader<TSource, TLastTransformer> : IDataLoader<TSource>, IDisposable
    where TLastTransformer : class, ITransformer
{
    public readonly IDataLoader<TSource> Loader;

    public readonly TransformerChain<TLastTransformer> Transformer;

    public CompositeDataLoader(IDataLoader<TSource> loader,
        TransformerChain<TLastTransformer> transformerChain = null)
    {
        Contracts.CheckValue(loader, nameof(loader));
        Loader = loader;
        Transformer = transformerChain ?? new TransformerChain<TLastTransformer>();
    }

    private CompositeDataLoader(IHost host, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(CompositeLoaderModel.Version);
        ctx.LoadModel<IDataLoader<TSource>, SignatureLoadModel>(host, out Loader, CompositeLoaderModel.LoaderDirectory);
        ctx.LoadModel<TransformerChain<TLastTransformer>, SignatureLoadModel>(host, out Transformer,
            CompositeLoaderModel.ChainDirectory);
    }

    public IDataView Load(TSource input)
    {
        var view = Loader.Load(input);
        return Transformer.Transform(view);
    }

    public DataViewSchema GetOutputSchema() => Transformer.GetOutputSchema(Loader.GetOutputSchema());

    public CompositeDataLoader<TSource, TNewLast> AppendTransformer<TNewLast>(TNewLast transformer)
        where TNewLast : class, ITransformer
    {
        Contracts.CheckValue(transformer, nameof(transformer));
        return new CompositeDataLoader<TSource, TNewLast>(Loader, Transformer.Append(transformer));
    }

    public void Dispose() => Transformer.Dispose();

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(CompositeLoaderModel.Version);
        ctx.SaveModel(Loader, CompositeLoaderModel.LoaderDirectory);
        ctx.SaveModel(Transformer, CompositeLoaderModel.ChainDirectory);
    }

    internal static CompositeDataLoader<TSource, TLastTransformer> Create(IHostEnvironment env, ModelLoadContext ctx) =>
        new(env.Register(CompositeLoaderModel.LoaderSignature), ctx);
}

/// <summary>How composite loaders are saved and found.</summary>
internal static class CompositeLoaderModel
{
    public const string LoaderSignature = "CompositeLoader";
    public const string LoaderDirectory = "Loader";
    public const string ChainDirectory = "TransformerChain";

    public static VersionInfo Version { get; } = new("CMPSTLDR", 0x00010001, 0x00010001, 0x00010001,
        RealAssemblies.Data, LoaderSignature);
}
