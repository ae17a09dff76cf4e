using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tasks;
using Microsoft.ML.Lora.Training;

namespace Microsoft.ML.Lora.Persistence;

/// <summary>Makes a model of a folder that PEFT saved, without training.</summary>
internal sealed record AdapterImport
{
    private const string TextValues = "String";
    private const int FewestTokens = 4;

    /// <summary>The folder.</summary>
    public required string Folder { get; init; }

    /// <summary>The columns the model is to read and write.</summary>
    public required ColumnNames Columns { get; init; }

    /// <summary>The classes in the order of the outputs; null for those the files name.</summary>
    public IReadOnlyList<string>? Labels { get; init; }

    /// <summary>The base; null for the one the files name.</summary>
    public BaseOrigin? Base { get; init; }

    /// <summary>Tokens of a row at most; null for what the files name, else all that the base takes.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Reads the model.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder, or none with the base that is given.</exception>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the adapter does not fit the base.</exception>
    /// <exception cref="NotSupportedException">The adapter or the base is of a kind that is not supported.</exception>
    /// <exception cref="ArgumentException">The labels are as many as the outputs are not, or more tokens than the base takes.</exception>
    public ModelContents Read()
    {
        BaseOrigin origin = Base ?? NamedBase();
        BaseModelFiles files = Open(origin);
        EncoderConfig encoder = EncoderConfig.Read(files.ReadConfig());
        PeftAdapter adapter = PeftAdapterReader.Read(Folder, encoder.Family.Prefix);
        Pooling pooling = adapter.Task == PeftTask.FeatureExtraction ? ReadHead(ref adapter) : Pooling.FamilyHead;
        LabelSet labels = LabelsOf(adapter);
        var head = new HeadSpec { Outputs = labels.Count, Pooling = pooling };
        FittedAdapter fitted = FittedAdapter.To(files, adapter, head);
        return new ModelContents
        {
            Columns = Columns,
            Labels = labels,
            MaxTokens = Length(adapter, encoder, files),
            AdapterConfig = fitted.Adapter.Config,
            Adapter = fitted.Adapter.State,
            Head = head,
            BaseFiles = files,
            BaseOrigin = origin,
            ArchivesBase = true,
            TotalParameters = fitted.TotalParameters,
            Training = new TrainingRecord
            {
                Seed = 0,
                Examples = 0,
                ValidationExamples = 0,
                MissingLabels = 0,
                Truncated = 0,
                BestEpoch = 0,
                Epochs = [],
            },
        };
    }

    private BaseOrigin NamedBase()
    {
        (string? name, string? revision) = PeftAdapterReader.ReadBase(Folder);
        if (string.IsNullOrWhiteSpace(name))
        {
            throw new InvalidDataException(
                $"The adapter in '{Path.GetFullPath(Folder)}' names no base model (base_model_name_or_path): name it.");
        }
        return BaseOrigin.Named(name, revision);
    }

    // What an adapter names may be a folder of another machine, or of no machine the hub knows of.
    private BaseModelFiles Open(BaseOrigin origin)
    {
        try
        {
            return origin.Open(null, CancellationToken.None);
        }
        catch (Exception error) when (Base is null && (error is IOException or UnauthorizedAccessException or HttpRequestException))
        {
            throw new FileNotFoundException(
                $"The adapter in '{Path.GetFullPath(Folder)}' names the base model '{origin.Id}', which is not found: {error.Message} " +
                "Say where the base model is (baseModel).", error);
        }
    }

    private Pooling ReadHead(ref PeftAdapter adapter)
    {
        var files = new FolderModelFiles(Folder);
        if (!files.Exists(PeftHeadFile.Name))
        {
            throw new InvalidDataException(
                $"The adapter in '{files.Description}' is of an encoder alone (task_type FEATURE_EXTRACTION), and there is no " +
                $"{PeftHeadFile.Name} with an output layer beside it: it tells no classes apart.");
        }
        using SafetensorsFile tensors = SafetensorsFile.Open(files.NameForMessages(PeftHeadFile.Name));
        PeftHeadFile.ReadTensors(tensors, adapter.State);
        adapter = adapter with
        {
            Labels = PeftMetadata.ReadLabels(tensors) ?? adapter.Labels,
            MaxTokens = PeftMetadata.ReadMaxTokens(tensors) ?? adapter.MaxTokens,
        };
        return PeftHeadFile.ReadsMean(tensors) ? Pooling.Mean : Pooling.FirstToken;
    }

    private LabelSet LabelsOf(PeftAdapter adapter)
    {
        string folder = Path.GetFullPath(Folder);
        int outputs = adapter.Outputs ?? throw new InvalidDataException(
            $"The adapter in '{folder}' holds no classification head (classifier.weight): it was saved without it. In Python, " +
            "train with task_type SEQ_CLS, which saves the head.");
        if (outputs < 2)
        {
            throw new NotSupportedException(
                $"The adapter in '{folder}' has {outputs} output, a number: models of two classes or more are read.");
        }
        IReadOnlyList<string> labels = Labels ?? adapter.Labels
            ?? [.. Enumerable.Range(0, outputs).Select(i => FormattableString.Invariant($"LABEL_{i}"))];
        if (labels.Count != outputs)
        {
            throw new ArgumentException(
                $"{labels.Count} labels are given, and the adapter in '{folder}' has {outputs} outputs: give a name for each, in their order.");
        }
        if (labels.FirstOrDefault(string.IsNullOrEmpty) is not null || labels.Distinct(StringComparer.Ordinal).Count() < outputs)
        {
            throw new ArgumentException(
                $"The labels {string.Join(", ", labels.Select(Throw.Quote))} of the adapter in '{folder}' are not all different names.");
        }
        return new LabelSet(outputs, TextValues, labels);
    }

    private int Length(PeftAdapter adapter, EncoderConfig encoder, BaseModelFiles files) =>
        MaxTokens < FewestTokens || MaxTokens > encoder.MaxTokens
        ? throw new ArgumentException(
            $"MaxTokens is {MaxTokens}, and the base model in '{files.Description}' takes {FewestTokens} to {encoder.MaxTokens} tokens.")
        : MaxTokens ?? Math.Min(adapter.MaxTokens ?? encoder.MaxTokens, encoder.MaxTokens);
}
