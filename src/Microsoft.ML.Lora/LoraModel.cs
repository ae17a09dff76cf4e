using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Persistence;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tasks;
using Microsoft.ML.Lora.Tokenization;
using Microsoft.ML.Lora.Training;

namespace Microsoft.ML.Lora;

/// <summary>A fine-tuned text classifier: what it is made of, how it came about, and its answers without a pipeline.</summary>
public sealed partial class LoraModel
{
    private readonly Lock _lock = new();
    private readonly int _threads;
    private TextClassifier? _classifier;
    private bool _disposed;

    internal LoraModel(ModelContents contents, int threads)
    {
        Contents = contents;
        _threads = threads;
        Labels = contents.Labels.Names();
        AdaptedLayers = [.. Layers(contents.Adapter)];
        TrainableParameters = contents.Adapter.Tensors.Sum(tensor => (long)tensor.Value.Values.Length);
        History = [.. contents.Training.Epochs.Select(Public)];
    }

    /// <summary>The classes, in the order of the label's key values; numbers from 1 where the key has no values.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>The base model: the folder it was read from, or the assembly that carries it.</summary>
    public string BaseModelId => Contents.BaseOrigin.Id;

    /// <summary>The SHA-256 of the base model's weights, in hexadecimal.</summary>
    public string BaseModelSha256 => Contents.BaseSha256;

    /// <summary>What of the model was trained.</summary>
    public LoraFineTuning FineTuning => (LoraFineTuning)Contents.FineTuning;

    /// <summary>Number of parameters that were trained: adapters and head, or the whole model, or the head.</summary>
    public long TrainableParameters { get; }

    /// <summary>Number of all parameters: base model, adapters and head.</summary>
    public long TotalParameters => Contents.TotalParameters;

    /// <summary>The base model's layers that have an adapter.</summary>
    public IReadOnlyList<LoraLayer> AdaptedLayers { get; }

    /// <summary>
    /// Rank of the updates where no pattern says otherwise; twice what was asked for after PiSSA and OLoRA, whose start is part of
    /// the update; 0 for a model without updates.
    /// </summary>
    public int Rank => HasUpdates ? Contents.AdapterConfig.Rank : 0;

    /// <summary>Numerator of the updates' scaling, alpha/r or alpha/√r; 0 for a model without updates.</summary>
    public float Alpha => HasUpdates ? Contents.AdapterConfig.Alpha : 0;

    /// <summary>Tokens of a text at most, special tokens included; longer texts are cut.</summary>
    public int MaxTokens => Contents.MaxTokens;

    /// <summary>The seed of everything random in the training.</summary>
    public int Seed => Contents.Training.Seed;

    /// <summary>What every epoch gave.</summary>
    public IReadOnlyList<LoraEpoch> History { get; }

    /// <summary>The epoch the model is from, from 1; 0 when the training was cancelled inside the first.</summary>
    public int BestEpoch => Contents.Training.BestEpoch;

    /// <summary>Number of rows it was trained on.</summary>
    public long TrainingRows => Contents.Training.Examples;

    /// <summary>Number of rows every epoch was validated with; 0 for none.</summary>
    public long ValidationRows => Contents.Training.ValidationExamples;

    /// <summary>Number of rows that were skipped because their label was missing.</summary>
    public long MissingLabels => Contents.Training.MissingLabels;

    /// <summary>Number of training rows whose text was cut to <see cref="MaxTokens"/>.</summary>
    public long TruncatedRows => Contents.Training.Truncated;

    /// <summary>Share of the labelled rows whose text was cut to <see cref="MaxTokens"/>, 0 to 1.</summary>
    public double TruncatedShare => Contents.Training.TruncatedShare;

    /// <summary>The learning rate after the warm-up; a tenth of the one asked for when training began anew.</summary>
    public float LearningRate => Contents.Training.LearningRate;

    /// <summary>
    /// The step at which a first attempt had no finite loss any more, so that training began anew at a tenth of the learning
    /// rate; null when it did not. See <c>RetryAtLowerRate</c>.
    /// </summary>
    public int? DivergedAtStep => Contents.Training.DivergedAtStep;

    internal ModelContents Contents { get; }

    private bool HasUpdates => FineTuning == LoraFineTuning.Lora;

    /// <summary>The probabilities of the <see cref="Labels"/> for a text; the same bits as in a pipeline.</summary>
    /// <param name="text">The text; null counts as empty.</param>
    /// <param name="textPair">The second text, for a model of pairs; null counts as empty there.</param>
    /// <returns>As many probabilities as there are labels, of sum 1.</returns>
    /// <exception cref="ArgumentException">A second text for a model of single texts.</exception>
    /// <exception cref="ObjectDisposedException">The transformer that the model belongs to was disposed.</exception>
    public float[] Score(string? text, string? textPair = null)
    {
        bool pairs = Contents.Columns.TextPair is not null;
        if (textPair is not null && !pairs)
        {
            throw new ArgumentException(
                "The model was trained on single texts: it takes no second text.", nameof(textPair));
        }
        TextClassifier classifier = Classifier();
        var scores = new float[classifier.Classes];
        classifier.Score([classifier.Encode(text ?? string.Empty, pairs ? textPair ?? string.Empty : null)], scores);
        return scores;
    }

    internal TextClassifier Classifier()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                throw new ObjectDisposedException(nameof(LoraTransformer),
                    "The fine-tuned model was disposed. A PredictionEngine disposes the model it was made of unless " +
                    "PredictionEngineOptions.OwnsTransformer is false.");
            }
            return _classifier ??= new TextClassifier(
                TextEncoder.Load(Contents.BaseFiles),
                new ManagedScorer(Contents.BaseFiles, Contents.Adapter, Contents.AdapterConfig, Contents.Head, _threads),
                Contents.Labels.Count,
                Contents.MaxTokens);
        }
    }

    internal void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _classifier?.Dispose();
            _classifier = null;
        }
    }

    private static IEnumerable<LoraLayer> Layers(AdapterState state)
    {
        const string Down = ".lora_A.weight";
        const string Up = ".lora_B.weight";
        foreach ((string name, AdapterTensor down) in state.Tensors)
        {
            if (name.EndsWith(Down, StringComparison.Ordinal))
            {
                string layer = name[..^Down.Length];
                yield return new LoraLayer(layer, down.Shape[1], state[layer + Up].Shape[0], down.Shape[0]);
            }
        }
    }

    private static LoraEpoch Public(EpochRecord record) => new(
        record.Epoch, record.Loss, record.Validation?.Loss, record.Validation?.Accuracy,
        record.Validation?.MacroF1, record.Validation?.MatthewsCorrelation, record.Seconds);
}
