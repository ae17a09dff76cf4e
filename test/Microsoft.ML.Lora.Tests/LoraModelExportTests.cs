using Microsoft.ML.Data;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tasks;
using Microsoft.ML.Lora.Tests.Support;
using Microsoft.ML.Lora.Tokenization;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>A trained model written for Python: the folders hold what PEFT and transformers look for, whole or not at all.</summary>
public sealed class LoraModelExportTests : IDisposable
{
    private readonly MLContext _context = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(LoraPooling.FamilyHead)]
    [InlineData(LoraPooling.Mean)]
    [InlineData(LoraPooling.FirstToken)]
    public void An_adapter_written_and_read_scores_the_same_bits(LoraPooling pooling)
    {
        using LoraTransformer trained = Train(pooling);
        IDataView data = Toy.View(_context);
        trained.Model.SavePeft(_folder.Path);
        var pipeline = _context.Transforms.CopyColumns("Copy", "Text")
            .Append(_context.MulticlassClassification.Trainers.LoraFromAdapter(_folder.Path, textColumnName: "Copy"));
        ITransformer read = pipeline.Fit(data);

        Assert.Equal(Toy.Scores(trained.Transform(data)), Toy.Scores(read.Transform(data)));
        var transformer = (LoraTransformer)((TransformerChain<LoraTransformer>)read).LastTransformer;
        using (transformer)
        {
            Assert.Equal(trained.Model.Labels, transformer.Model.Labels);
            Assert.Equal(trained.Model.MaxTokens, transformer.Model.MaxTokens);
            Assert.Equal(trained.Model.TotalParameters, transformer.Model.TotalParameters);
            Assert.Equal(trained.Model.TrainableParameters, transformer.Model.TrainableParameters);
            Assert.Equal(trained.Model.AdaptedLayers, transformer.Model.AdaptedLayers);
        }

        bool hasOwnHead = pooling != LoraPooling.FamilyHead;
        Assert.Equal(hasOwnHead, File.Exists(_folder.PathOf("classification_head.safetensors")));
        Assert.Equal(hasOwnHead, File.Exists(_folder.PathOf("classify.py")));
        ConfigJson config = ConfigJson.Parse(File.ReadAllBytes(_folder.PathOf("adapter_config.json")), "adapter_config.json");
        Assert.Equal(hasOwnHead ? "FEATURE_EXTRACTION" : "SEQ_CLS", config.GetString("task_type"));
        Assert.Equal(TinyBase.Folder, config.GetString("base_model_name_or_path"));
        Assert.InRange(hasOwnHead ? File.ReadLines(_folder.PathOf("classify.py")).Count() : 10, 10, 10);
        string card = File.ReadAllText(_folder.PathOf("README.md"));
        Assert.Contains("`refund`, `parcel`, `login`", card);
        Assert.DoesNotContain("{", card.Replace("{l: i for i, l in enumerate(labels)}", ""));
    }

    [Theory]
    [InlineData(LoraPooling.FamilyHead)]
    [InlineData(LoraPooling.Mean)]
    [InlineData(LoraPooling.FirstToken)]
    public void A_merged_model_is_a_base_of_its_own(LoraPooling pooling)
    {
        using LoraTransformer trained = Train(pooling);
        string merged = _folder.PathOf("merged");
        trained.Model.SaveMerged(merged);

        ConfigJson config = ConfigJson.Parse(File.ReadAllBytes(Path.Combine(merged, "config.json")), "config.json");
        bool hasOwnHead = pooling != LoraPooling.FamilyHead;
        Assert.Equal([hasOwnHead ? "BertModel" : "BertForSequenceClassification"], config.TryGetStrings("architectures"));
        Assert.Equal(!hasOwnHead, config.Has("id2label"));
        using var weights = SafetensorsFile.Open(Path.Combine(merged, "model.safetensors"));
        Assert.Contains((hasOwnHead ? "" : "bert.") + "encoder.layer.0.attention.self.query.weight", weights.Names);
        Assert.Equal(!hasOwnHead, weights.Names.Contains("classifier.weight"));
        Assert.DoesNotContain(weights.Names, name => name.Contains("lora", StringComparison.Ordinal));
        Assert.Equal(hasOwnHead, File.Exists(Path.Combine(merged, "classify.py")));
        Assert.False(config.Has("num_labels"));

        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.BaseModel = LoraBaseModel.FromFolder(merged);
        options.Pooling = pooling;
        using LoraTransformer further = Toy.Train(_context, options);
        Assert.Equal(trained.Model.Labels, further.Model.Labels);
    }

    [Fact]
    public void What_is_written_replaces_an_earlier_export_and_nothing_else()
    {
        File.WriteAllText(_folder.PathOf("notes.txt"), "mine");
        using (LoraTransformer mean = Train(LoraPooling.Mean))
        {
            mean.Model.SavePeft(_folder.Path);
        }
        using LoraTransformer family = Train(LoraPooling.FamilyHead);
        family.Model.SavePeft(_folder.Path);

        Assert.Equal(["README.md", "adapter_config.json", "adapter_model.safetensors", "notes.txt"],
            Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Folders_that_hold_something_else_are_refused()
    {
        string baseFolder = TinyBase.Create();
        using LoraTransformer model = TrainOn(baseFolder);
        model.Model.SavePeft(_folder.PathOf("adapter"));
        model.Model.SaveMerged(_folder.PathOf("merged"));
        File.WriteAllText(_folder.PathOf("file"), "");

        Assert.Contains("holds a model", Refused(() => model.Model.SavePeft(_folder.PathOf("merged"))));
        Assert.Contains("holds a model", Refused(() => model.Model.SavePeft(baseFolder)));
        Assert.Contains("holds an adapter", Refused(() => model.Model.SaveMerged(_folder.PathOf("adapter"))));
        Assert.Contains("holds the base model", Refused(() => model.Model.SaveMerged(baseFolder + "/")));
        Assert.Contains("is a file", Refused(() => model.Model.SavePeft(_folder.PathOf("file"))));
        Directory.Delete(baseFolder, recursive: true);
    }

    [Fact]
    public void A_failure_leaves_the_folder_as_it_was()
    {
        string baseFolder = TinyBase.Create();
        using LoraTransformer model = TrainOn(baseFolder);
        string merged = _folder.PathOf("merged");
        model.Model.SaveMerged(merged);
        byte[] before = File.ReadAllBytes(Path.Combine(merged, "model.safetensors"));
        File.WriteAllText(Path.Combine(baseFolder, "config.json"), """{"model_type": "bert"}""");

        Assert.ThrowsAny<Exception>(() => model.Model.SaveMerged(merged));
        Assert.ThrowsAny<Exception>(() => model.Model.SaveMerged(_folder.PathOf("other")));

        Assert.Equal(before, File.ReadAllBytes(Path.Combine(merged, "model.safetensors")));
        Assert.Equal(["merged"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
        Directory.Delete(baseFolder, recursive: true);
    }

    [Fact]
    public void A_zip_of_the_adapter_alone_checks_its_base()
    {
        string baseFolder = TinyBase.Create();
        using LoraTransformer model = TrainOn(baseFolder);
        IDataView data = Toy.View(_context);
        string zip = _folder.PathOf("deep/adapter.zip");
        model.Model.SaveAdapterOnly(zip);

        Assert.InRange(new FileInfo(zip).Length, 1, new FileInfo(Path.Combine(baseFolder, "model.safetensors")).Length / 2);
        using (var loaded = (LoraTransformer)_context.Model.Load(zip, out DataViewSchema schema))
        {
            Assert.Equal(["Text"], schema.Select(column => column.Name));
            Assert.Equal(Toy.Scores(model.Transform(data)), Toy.Scores(loaded.Transform(data)));
        }
        byte[] weights = File.ReadAllBytes(Path.Combine(baseFolder, "model.safetensors"));
        weights[^1] ^= 1;
        File.WriteAllBytes(Path.Combine(baseFolder, "model.safetensors"), weights);
        Exception? error = Assert.ThrowsAny<Exception>(() => _context.Model.Load(zip, out _));
        Assert.Contains("is not the one the saved model was trained on", error.ToString());
        Directory.Delete(baseFolder, recursive: true);
    }

    public static TheoryData<string> Variants => [.. _variants.Keys];

    private static readonly Dictionary<string, Action<LoraTextClassificationTrainer.Options>> _variants = new()
    {
        ["DoRA"] = options => options.Formulation = LoraFormulation.Dora,
        ["PiSSA"] = options => options.Initialization = LoraInitialization.Pissa,
        ["OLoRA"] = options => options.Initialization = LoraInitialization.Olora,
        ["PiSSA of DoRA, scaled by the root of the rank"] = options =>
            (options.Initialization, options.Formulation, options.Scaling) =
            (LoraInitialization.Pissa, LoraFormulation.Dora, LoraScaling.RankStabilized),
        ["orthogonal"] = options => options.Initialization = LoraInitialization.Orthogonal,
        ["patterns with PiSSA"] = options =>
            (options.Initialization, options.RankPattern, options.AlphaPattern) = (LoraInitialization.Pissa,
                new Dictionary<string, int> { ["query"] = 2 }, new Dictionary<string, float> { [@"layer\.1\..*"] = 4 }),
        ["all biases"] = options => options.Bias = LoraBias.All,
        ["biases of adapted layers"] = options => options.Bias = LoraBias.LoraOnly,
        ["pooler in full"] = options => options.ModulesToSave = ["pooler"],
        ["pooler adapted"] = options => options.TargetModules = LoraTargetModules.Named("dense", "value"),
        ["one layer by a pattern"] = options => options.TargetModules = LoraTargetModules.Matching(@".*layer\.1.*(query|output\.dense)"),
        ["the second layer"] = options => options.LayersToTransform = [1],
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void Whatever_was_trained_goes_out_and_comes_in(string variant)
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 2);
        options.Pooling = LoraPooling.FamilyHead;
        _variants[variant](options);
        using LoraTransformer trained = Toy.Train(_context, options);
        trained.Model.SavePeft(_folder.PathOf("adapter"));
        trained.Model.SaveMerged(_folder.PathOf("merged"));

        using LoraTransformer read = _context.MulticlassClassification.Trainers.LoraFromAdapter(_folder.PathOf("adapter")).Load();
        float[] scores = trained.Model.Score("my parcel is late");
        Assert.Equal(scores, read.Model.Score("my parcel is late"));
        Assert.Equal(trained.Model.AdaptedLayers, read.Model.AdaptedLayers);
        AssertClose(scores, MergedScores("my parcel is late"));
    }

    private static void AssertClose(float[] expected, float[] actual) =>
        Assert.InRange(GoldenJson.MaxDifference(expected, actual), 0, 1e-5);

    private float[] MergedScores(string text)
    {
        BaseModelFiles merged = BaseModelFiles.FromFolder(_folder.PathOf("merged"));
        using var scorer = new ManagedScorer(
            merged, new AdapterState(), new AdapterConfig(), new HeadSpec { Outputs = 3 }, threads: 1);
        var batch = new PackedBatch();
        batch.Fill([new EncodedExample { Ids = TextEncoder.Load(merged).Encode(text, null, 32).Ids }], [0]);
        var scores = new float[3];
        scorer.Score(batch, scores);
        Probabilities.FromLogits(scores);
        return scores;
    }

    [Theory]
    [InlineData(LoraFineTuning.Full)]
    [InlineData(LoraFineTuning.HeadOnly)]
    public void Models_without_updates_are_written_whole(LoraFineTuning fineTuning)
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.FineTuning = fineTuning;
        options.Pooling = LoraPooling.FamilyHead;
        using LoraTransformer model = Toy.Train(_context, options);

        Assert.Contains("SaveMerged", Assert.Throws<InvalidOperationException>(() => model.Model.SavePeft(_folder.Path)).Message);
        model.Model.SaveMerged(_folder.PathOf("merged"));
        Assert.Equal(model.Model.Score("my parcel is late"), MergedScores("my parcel is late"));

        if (fineTuning == LoraFineTuning.Full)
        {
            Assert.Throws<InvalidOperationException>(() => model.Model.SaveAdapterOnly(_folder.PathOf("model.zip")));
        }
        else
        {
            model.Model.SaveAdapterOnly(_folder.PathOf("model.zip"));
            using var loaded = (LoraTransformer)_context.Model.Load(_folder.PathOf("model.zip"), out _);
            Assert.Equal(model.Model.Score("my parcel is late"), loaded.Model.Score("my parcel is late"));
        }
    }

    [SkippableTheory]
    [InlineData("tiny-bert-rank-pattern")]
    [InlineData("tiny-bert-pissa")]
    [InlineData("tiny-bert-dora")]
    [InlineData("tiny-bert-bias-lora-only")]
    [InlineData("tiny-bert-pooler-saved")]
    [InlineData("tiny-bert-layers-1-2")]
    [InlineData("tiny-bert-rslora")]
    [InlineData("tiny-deberta-v2-qv")]
    [InlineData("tiny-modernbert-qkv")]
    [InlineData("tiny-distilbert-qv")]
    public void Training_goes_on_from_an_adapter_of_Python(string name)
    {
        string[] labels = ["refund", "parcel", "login"];
        string folder = Shared.Require($"models/tiny/peft/{name}/adapter");
        string model = name[..name.IndexOf('-', name.StartsWith("tiny-deberta", StringComparison.Ordinal) ? 13 : 5)];
        using LoraTransformer read = _context.MulticlassClassification.Trainers.LoraFromAdapter(
            folder, labels, baseModel: LoraBaseModel.FromFolder(Shared.Require("models/tiny/" + model))).Load();
        LoraTextClassificationTrainer.Options options = LoraTextClassificationTrainer.Options.GoingOnFrom(read.Model);
        options.Epochs = 1;
        options.LearningRate = 1e-9f;
        options.Seed = 1;
        using LoraTransformer further = _context.MulticlassClassification.Trainers.Lora(options).Fit(Toy.View(_context), read);

        Assert.Equal(read.Model.AdaptedLayers, further.Model.AdaptedLayers);
        Assert.Equal(read.Model.TrainableParameters, further.Model.TrainableParameters);
        float[] before = read.Model.Score("my parcel"), after = further.Model.Score("my parcel");
        Assert.All(labels.Select((label, i) => (before[i], after[further.Model.Labels.ToList().IndexOf(label)])),
            pair => Assert.Equal(pair.Item1, pair.Item2, 5));
        further.Model.SavePeft(_folder.Path);
        using LoraTransformer again = _context.MulticlassClassification.Trainers.LoraFromAdapter(_folder.Path).Load();
        Assert.Equal(after, again.Model.Score("my parcel"));
    }

    private LoraTransformer TrainOn(string baseFolder)
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.BaseModel = LoraBaseModel.FromFolder(baseFolder);
        return Toy.Train(_context, options);
    }

    private LoraTransformer Train(LoraPooling pooling)
    {
        LoraTextClassificationTrainer.Options options = Toy.Options();
        options.Pooling = pooling;
        return Toy.Train(_context, options);
    }

    private static string Refused(Action save) => Assert.Throws<IOException>(save).Message;
}
