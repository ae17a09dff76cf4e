using Microsoft.ML.Data;
using Microsoft.ML.Data.IO;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

public sealed partial class ModelOperationsCatalog
{
    private const string ChainDirectory = "TransformerChain";
    private const string SchemaEntry = "Schema";
    private const string InfoDirectory = "TrainingInfo";
    private const string VersionEntry = "Version.txt";
    private const string LibraryVersion = "5.0.0";

    public void Save<TSource>(ITransformer model, IDataLoader<TSource> loader, Stream stream)
    {
        _env.CheckValue(loader, nameof(loader));
        _env.CheckValue(stream, nameof(stream));
        var chain = model == null ? new TransformerChain<ITransformer>() : new TransformerChain<ITransformer>(model);
        using var repository = CreateRepository(stream);
        ModelSaveContext.SaveModel(repository, new CompositeDataLoader<TSource, ITransformer>(loader, chain), null);
        repository.Commit();
    }

    public void Save<TSource>(ITransformer model, IDataLoader<TSource> loader, string filePath)
    {
        _env.CheckNonEmpty(filePath, nameof(filePath));
        using var stream = File.Create(filePath);
        Save(model, loader, stream);
    }

    public void Save(ITransformer model, DataViewSchema inputSchema, Stream stream)
    {
        _env.CheckValue(stream, nameof(stream));
        using var repository = CreateRepository(stream);
        ModelSaveContext.SaveModel(repository, model, ChainDirectory);
        SaveInputSchema(inputSchema, repository);
        repository.Commit();
    }

    public void Save(ITransformer model, DataViewSchema inputSchema, string filePath)
    {
        _env.CheckNonEmpty(filePath, nameof(filePath));
        using var stream = File.Create(filePath);
        Save(model, inputSchema, stream);
    }

    public ITransformer Load(Stream stream, out DataViewSchema inputSchema)
    {
        _env.CheckValue(stream, nameof(stream));
        using var repository = RepositoryReader.Open(stream, _env);
        var schemaEntry = repository.OpenEntryOrNull(SchemaEntry);
        if (schemaEntry != null)
        {
            ModelLoadContext.LoadModel<ITransformer, SignatureLoadModel>(_env, out var transformer, repository,
                ChainDirectory);
            using (schemaEntry)
            {
                inputSchema = SchemaFile.Read(_env, schemaEntry.Stream);
            }

            return transformer;
        }

        return LoadWithoutSchema(repository, out inputSchema);
    }

    public ITransformer Load(string filePath, out DataViewSchema inputSchema)
    {
        _env.CheckNonEmpty(filePath, nameof(filePath));
        using var stream = File.OpenRead(filePath);
        return Load(stream, out inputSchema);
    }

    public ITransformer LoadWithDataLoader(Stream stream, out IDataLoader<IMultiStreamSource> loader)
    {
        _env.CheckValue(stream, nameof(stream));
        loader = LoadDataLoader(stream);
        return Unwrap(ref loader);
    }

    public ITransformer LoadWithDataLoader(string filePath, out IDataLoader<IMultiStreamSource> loader)
    {
        _env.CheckNonEmpty(filePath, nameof(filePath));
        using var stream = File.OpenRead(filePath);
        return LoadWithDataLoader(stream, out loader);
    }

    private static ITransformer Unwrap(ref IDataLoader<IMultiStreamSource> loader)
    {
        if (loader is not CompositeDataLoader<IMultiStreamSource, ITransformer> composite)
        {
            return new TransformerChain<ITransformer>();
        }

        loader = composite.Loader;
        ITransformerChainAccessor chain = composite.Transformer;
        return chain.Transformers.Length == 1 ? chain.Transformers[0] : composite.Transformer;
    }

    private IDataLoader<IMultiStreamSource> LoadDataLoader(Stream stream)
    {
        using var repository = RepositoryReader.Open(stream, _env);
        try
        {
            ModelLoadContext.LoadModel<IDataLoader<IMultiStreamSource>, SignatureLoadModel>(_env, out var loader,
                repository, (string)null);
            return loader;
        }
        catch (Exception ex)
        {
            throw _env.Except(ex, "Model does not contain an IDataLoader. Perhaps this was saved with an " +
                "DataViewSchema, or even no information on its input at all. Consider using the Load method instead.");
        }
    }

    private ITransformer LoadWithoutSchema(RepositoryReader repository, out DataViewSchema inputSchema)
    {
        inputSchema = null;
        if (ModelLoadContext.LoadModelOrNull<IDataLoader<IMultiStreamSource>, SignatureLoadModel>(_env,
            out var loader, repository, (string)null))
        {
            var transformer = Unwrap(ref loader);
            inputSchema = loader.GetOutputSchema();
            return transformer;
        }

        if (ModelLoadContext.LoadModelOrNull<ITransformer, SignatureLoadModel>(_env, out var bare, repository,
            ChainDirectory))
        {
            return bare;
        }

        var missing = repository.ExceptionContext.Except("Repository doesn't contain entry DataLoaderModel/Model.key");
        throw _env.Except(missing, "Could not load legacy format model");
    }

    private RepositoryWriter CreateRepository(Stream stream)
    {
        var repository = RepositoryWriter.CreateNew(stream, _env);
        using var entry = repository.CreateEntry(InfoDirectory, VersionEntry);
        using var writer = new StreamWriter(entry.Stream, leaveOpen: true);
        writer.WriteLine(LibraryVersion);
        return repository;
    }

    private void SaveInputSchema(DataViewSchema inputSchema, RepositoryWriter repository)
    {
        if (inputSchema == null)
        {
            return;
        }

        using var channel = _env.Start("Saving Schema");
        using var entry = repository.CreateEntry(SchemaEntry);
        SchemaFile.Write(_env, entry.Stream, inputSchema);
    }
}
