using Microsoft.ML.Data;
using Microsoft.ML.Lora.DataView;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>An adapter from files in a pipeline, without training.</summary>
public sealed class LoraAdapterEstimatorTests : IDisposable
{
    private readonly MLContext _context = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public void Python_adapters_enter_a_pipeline_in_a_line()
    {
        string folder = Shared.Require("models/peft-minilm-trec6");
        string[] labels = ["abbreviation", "entity", "description", "human", "location", "number"];
        IDataView data = Toy.View(_context);
        var estimator = _context.MulticlassClassification.Trainers.LoraFromAdapter(folder, labels);
        using LoraTransformer model = estimator.Fit(data);

        DataViewSchema schema = model.GetOutputSchema(data.Schema);
        SchemaShape promised = estimator.GetOutputSchema(MLNetAccess.ShapeOf(data.Schema));
        Assert.Equal(
            MLNetAccess.ShapeOf(schema).Select(Describe).Order(), promised.Select(Describe).Order());
        Assert.Equal(labels, model.Model.Labels);
        Assert.Equal(LoraBaseModel.Embedded.Id, model.Model.BaseModelId);
        string zip = _folder.PathOf("model.zip");
        _context.Model.Save(model, data.Schema, zip);
        using var loaded = (LoraTransformer)_context.Model.Load(zip, out _);
        Assert.Equal(model.Model.Score("Who wrote Hamlet ?"), loaded.Model.Score("Who wrote Hamlet ?"));
        float[] scores = model.Model.Score("Who wrote Hamlet ?");
        Assert.Equal(scores.Max(), scores[3]);
    }

    [SkippableFact]
    public void Adapters_that_tell_no_classes_apart_are_refused()
    {
        LoraBaseModel tiny = LoraBaseModel.FromFolder(Shared.Require("models/tiny/tiny-bert"));
        string regression = Shared.Require("models/tiny/peft/tiny-bert-regression-pairs/adapter");
        string classes = Shared.Require("models/tiny/peft/tiny-bert-qv/adapter");

        Assert.Contains("1 output", Error<NotSupportedException>(regression, tiny));
        Assert.Contains("2 labels are given, and the adapter", Error<ArgumentException>(classes, tiny, ["a", "b"]));
        Assert.Contains("are not all different", Error<ArgumentException>(classes, tiny, ["a", "b", "a"]));
        Assert.Contains("takes 4 to 64 tokens", Assert.Throws<ArgumentException>(
            () => Trainers.LoraFromAdapter(classes, baseModel: tiny, maxTokens: 65).Load()).Message);
        Assert.Contains("adapter_config.json", Error<FileNotFoundException>(Shared.Require("models/tiny"), tiny));
    }

    [SkippableFact]
    public void An_encoders_adapter_without_a_head_is_refused()
    {
        string source = Shared.Require("models/tiny/peft/tiny-bert-qv/adapter");
        File.Copy(Path.Combine(source, "adapter_model.safetensors"), _folder.PathOf("adapter_model.safetensors"));
        string config = File.ReadAllText(Path.Combine(source, "adapter_config.json"));
        File.WriteAllText(_folder.PathOf("adapter_config.json"), config.Replace("SEQ_CLS", "FEATURE_EXTRACTION"));

        string message = Error<InvalidDataException>(_folder.Path, LoraBaseModel.FromFolder(Shared.Require("models/tiny/tiny-bert")));
        Assert.Contains("there is no classification_head.safetensors", message);
    }

    [SkippableFact]
    public void A_base_that_is_not_where_the_adapter_says_is_named()
    {
        string source = Shared.Require("models/tiny/peft/tiny-bert-qv/adapter");
        File.Copy(Path.Combine(source, "adapter_model.safetensors"), _folder.PathOf("adapter_model.safetensors"));
        string config = File.ReadAllText(Path.Combine(source, "adapter_config.json"));
        File.WriteAllText(_folder.PathOf("adapter_config.json"), config.Replace("\"tiny-bert\"", "\"/no/such/base\""));

        string message = Assert.Throws<FileNotFoundException>(() => Trainers.LoraFromAdapter(_folder.Path).Load()).Message;
        Assert.Contains("names the base model '/no/such/base', which is not found", message);
        Assert.Contains("baseModel", message);
    }

    [Fact]
    public void A_missing_text_column_is_named()
    {
        LoraAdapterEstimator estimator = Trainers.LoraFromAdapter(_folder.Path, textColumnName: "Message");
        Assert.Contains("Message", Assert.Throws<ArgumentOutOfRangeException>(() => estimator.Fit(Toy.View(_context))).Message);
    }

    private MulticlassClassificationCatalog.MulticlassClassificationTrainers Trainers =>
        _context.MulticlassClassification.Trainers;

    private string Error<T>(string folder, LoraBaseModel baseModel, string[]? labels = null) where T : Exception =>
        Assert.Throws<T>(() => Trainers.LoraFromAdapter(folder, labels, baseModel: baseModel).Load()).Message;

    private static string Describe(SchemaShape.Column column) => $"{column.Name} {column.Kind} {column.ItemType} {column.IsKey} " +
        string.Join(",", column.Annotations.Select(annotation => annotation.Name).Order());
}
