using Microsoft.ML.Lora;
using Microsoft.ML.Lora.DataView;
using Microsoft.ML.Lora.Persistence;

namespace Microsoft.ML;

/// <summary>Extension methods that add low-rank fine-tuning of pretrained text encoders to ML.NET's catalogs.</summary>
public static class LoraCatalog
{
    /// <summary>
    /// Create a <see cref="LoraTextClassificationTrainer"/>, which fine-tunes a pretrained text encoder with low-rank
    /// adapters to predict one of several classes.
    /// </summary>
    /// <param name="catalog">The multiclass classification trainers.</param>
    /// <param name="labelColumnName">The name of the label column. The column data must be a key (see
    /// <c>Conversion.MapValueToKey</c>).</param>
    /// <param name="textColumnName">The name of the text column. The column data must be <see cref="string"/>.</param>
    /// <param name="textPairColumnName">The name of the second text column, for pairs; null for single texts.</param>
    /// <param name="scoreColumnName">The name of the column of class probabilities to write, a vector of <see cref="float"/>.</param>
    /// <param name="predictedLabelColumnName">The name of the column of the most probable class to write, a key.</param>
    /// <param name="baseModel">The pretrained encoder; null for <see cref="LoraBaseModel.Embedded"/>.</param>
    /// <param name="rank">The rank of the updates, 1 or more.</param>
    /// <param name="epochs">The passes over the training rows at most, 1 or more; null for what suits their number.</param>
    /// <param name="validationSet">Rows to validate every epoch with; null to hold back a part of the training rows.</param>
    /// <exception cref="ArgumentException">An argument is out of its range; the message names every such argument.</exception>
    public static LoraTextClassificationTrainer Lora(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        string labelColumnName = "Label",
        string textColumnName = "Text",
        string? textPairColumnName = null,
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        LoraBaseModel? baseModel = null,
        int rank = 8,
        int? epochs = null,
        IDataView? validationSet = null) => catalog.Lora(new LoraTextClassificationTrainer.Options
        {
            LabelColumnName = labelColumnName,
            TextColumnName = textColumnName,
            TextPairColumnName = textPairColumnName,
            ScoreColumnName = scoreColumnName,
            PredictedLabelColumnName = predictedLabelColumnName,
            BaseModel = baseModel,
            Rank = rank,
            Epochs = epochs,
            ValidationSet = validationSet,
        });

    /// <summary>
    /// Create a <see cref="LoraTextClassificationTrainer"/> with advanced options, which fine-tunes a pretrained text
    /// encoder with low-rank adapters to predict one of several classes.
    /// </summary>
    /// <param name="catalog">The multiclass classification trainers.</param>
    /// <param name="options">The trainer's options.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names every such option.</exception>
    public static LoraTextClassificationTrainer Lora(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        LoraTextClassificationTrainer.Options options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        return new LoraTextClassificationTrainer(MLNetAccess.Environment(catalog), options);
    }

    /// <summary>
    /// Create a <see cref="LoraAdapterEstimator"/>, which classifies texts by an adapter that was trained before, by Python's
    /// PEFT or by this library, without training.
    /// </summary>
    /// <param name="catalog">The multiclass classification trainers.</param>
    /// <param name="adapterFolder">The folder that PEFT's <c>save_pretrained</c> or <see cref="LoraModel.SavePeft"/> wrote.</param>
    /// <param name="labels">The names of the classes in the order of the adapter's outputs, which PEFT's files do not hold; null
    /// for those <see cref="LoraModel.SavePeft"/> left in them, else LABEL_0, LABEL_1, … as in transformers.</param>
    /// <param name="textColumnName">The name of the text column. The column data must be <see cref="string"/>.</param>
    /// <param name="textPairColumnName">The name of the second text column, for pairs; null for single texts.</param>
    /// <param name="scoreColumnName">The name of the column of class probabilities to write, a vector of <see cref="float"/>.</param>
    /// <param name="predictedLabelColumnName">The name of the column of the most probable class to write, a key.</param>
    /// <param name="baseModel">The base model of the adapter; null for the one that its files name: a folder, or a model on the
    /// hub.</param>
    /// <param name="maxTokens">Tokens of a text at most, special tokens included; null for as many as the files name, else as the
    /// base model takes.</param>
    /// <exception cref="ArgumentException">The folder or a column's name is empty.</exception>
    public static LoraAdapterEstimator LoraFromAdapter(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        string adapterFolder,
        IReadOnlyList<string>? labels = null,
        string textColumnName = "Text",
        string? textPairColumnName = null,
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        LoraBaseModel? baseModel = null,
        int? maxTokens = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrWhiteSpace(adapterFolder);
        ArgumentException.ThrowIfNullOrWhiteSpace(textColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(scoreColumnName);
        ArgumentException.ThrowIfNullOrWhiteSpace(predictedLabelColumnName);
        return new LoraAdapterEstimator(MLNetAccess.Environment(catalog), new AdapterImport
        {
            Folder = adapterFolder,
            Columns = new ColumnNames(textColumnName, textPairColumnName, "Label", scoreColumnName, predictedLabelColumnName),
            Labels = labels is null ? null : [.. labels],
            Base = baseModel?.Origin,
            MaxTokens = maxTokens,
        });
    }

    /// <summary>
    /// Create a <see cref="LoraTuner"/>, which tries several values of a <see cref="LoraTextClassificationTrainer"/>'s options.
    /// </summary>
    /// <param name="catalog">The multiclass classification trainers.</param>
    /// <param name="options">The options that all trials share; null for the defaults.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names every such option.</exception>
    public static LoraTuner LoraTuner(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers catalog,
        LoraTextClassificationTrainer.Options? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new LoraTuner(MLNetAccess.Environment(catalog), options ?? new LoraTextClassificationTrainer.Options());
    }
}
