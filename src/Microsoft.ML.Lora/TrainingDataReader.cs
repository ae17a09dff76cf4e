using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.DataView;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Tasks;
using Microsoft.ML.Lora.Tokenization;
using Microsoft.ML.Lora.Training;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lora;

/// <summary>Reads the rows of a view for training: columns and labels checked, texts encoded, a part held back to validate.</summary>
internal sealed class TrainingDataReader(
    IHost host, TrainerSettings settings, TrainingReporter reporter, BaseModelFiles files, EncoderConfig encoder, int seed)
{
    private const int DefaultMaxTokens = 128;

    private readonly LoraTextClassificationTrainer.Options _options = settings.Options;

    /// <summary>Reads the whole view.</summary>
    public TrainingData Read(IDataView input)
    {
        int maxTokens = MaxTokens();
        LabelSet labels = CheckSchema(input.Schema);
        LabelledRowReader reader = CreateReader(maxTokens);
        LabelledRows rows = reader.Read(input, labels.Count, _options.CancellationToken);
        reporter.RowsRead(rows, maxTokens);
        CheckRows(rows, labels);
        (IReadOnlyList<EncodedExample> training, IReadOnlyList<EncodedExample> validation) =
            Split(rows.Examples, reader, labels);
        return new TrainingData
        {
            Labels = labels,
            Training = training,
            Validation = validation,
            MaxTokens = maxTokens,
            MissingLabels = rows.MissingLabels,
            Labelled = rows.Examples.Count,
            Truncated = rows.Truncated,
        };
    }

    private LabelSet CheckSchema(DataViewSchema schema)
    {
        settings.Inputs.Check(host, MLNetAccess.ShapeOf(schema));
        LabelSet labels = LabelColumn.ReadLabels(host, schema[settings.Inputs.Label]);
        if (_options.ValidationSet is { } validationSet)
        {
            settings.Inputs.Check(host, MLNetAccess.ShapeOf(validationSet.Schema));
            LabelSet others = LabelColumn.ReadLabels(host, validationSet.Schema[settings.Inputs.Label]);
            if (!labels.IsSameAs(others))
            {
                throw MLNetAccess.BadArgument(host, nameof(_options.ValidationSet),
                    $"The label column '{settings.Inputs.Label}' of the validation set stands for other classes " +
                    "than that of the training rows: transform both by the same fitted MapValueToKey.");
            }
        }
        return labels;
    }

    private LabelledRowReader CreateReader(int maxTokens)
    {
        TextEncoder encode = TextEncoder.Load(files);
        return new LabelledRowReader(
            host, settings.Inputs, (text, pair) => encode.Encode(text, pair, maxTokens), settings.Threads);
    }

    private void CheckRows(LabelledRows rows, LabelSet labels)
    {
        if (rows.Examples.Count == 0)
        {
            throw MLNetAccess.BadState(host, "Training set has 0 instances, aborting training." +
                (rows.RowsRead > 0 ? $" All {rows.RowsRead} rows lack a label in '{settings.Inputs.Label}'." : ""));
        }
        int first = rows.Examples[0].ClassIndex;
        if (rows.Examples.All(example => example.ClassIndex == first))
        {
            throw MLNetAccess.BadState(host,
                $"All {rows.Examples.Count} training rows with a label have the same one, '{labels.NameOf(first)}': " +
                "there is nothing to tell apart.");
        }
    }

    private (IReadOnlyList<EncodedExample> Training, IReadOnlyList<EncodedExample> Validation) Split(
        IReadOnlyList<EncodedExample> examples, LabelledRowReader reader, LabelSet labels)
    {
        if (_options.ValidationSet is { } validationSet)
        {
            LabelledRows rows = reader.Read(validationSet, labels.Count, _options.CancellationToken);
            return rows.Examples.Count > 0
                ? (examples, rows.Examples)
                : throw MLNetAccess.BadArgument(host, nameof(_options.ValidationSet), "No row of it has a label.");
        }
        float fraction = _options.ValidationFraction ?? TrainingRecipe.HoldBack(examples.Count, labels.Count);
        if (fraction == 0)
        {
            return (examples, []);
        }
        (int[] training, int[] validation) = StratifiedSplit.Of(
            [.. examples.Select(example => example.ClassIndex)], fraction, seed);
        return ([.. training.Select(i => examples[i])], [.. validation.Select(i => examples[i])]);
    }

    private int MaxTokens()
    {
        if (_options.MaxTokens > encoder.MaxTokens)
        {
            throw MLNetAccess.BadArgument(host, nameof(_options.MaxTokens),
                $"MaxTokens is {_options.MaxTokens}, and the base model in '{files.Description}' takes " +
                $"{encoder.MaxTokens} tokens at most.");
        }
        return _options.MaxTokens ?? Math.Min(DefaultMaxTokens, encoder.MaxTokens);
    }
}
