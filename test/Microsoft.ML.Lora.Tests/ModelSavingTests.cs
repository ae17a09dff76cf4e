using System.IO.Compression;
using Microsoft.ML.Data;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>A saved model is ML.NET's zip with plain PEFT and Hugging Face files inside; loading gives the same bits or an error.</summary>
public sealed class ModelSavingTests : IClassFixture<ModelSavingTests.Saved>, IDisposable
{
    private const string Folder = "TransformerChain/";

    private readonly Saved _saved;
    private readonly string _scratch = Directory.CreateTempSubdirectory("saving-").FullName;

    public ModelSavingTests(Saved saved) => _saved = saved;

    public sealed class Saved : IDisposable
    {
        public Saved()
        {
            Data = Toy.View(Context);
            Model = Toy.Train(Context);
            Scores = Toy.Scores(Model.Transform(Data));
            Context.Model.Save(Model, Data.Schema, Zip);
        }

        public MLContext Context { get; } = new(seed: 1);

        public IDataView Data { get; }

        public LoraTransformer Model { get; }

        public float[] Scores { get; }

        public string Zip { get; } = Path.Combine(Directory.CreateTempSubdirectory("saved-").FullName, "model.zip");

        public void Dispose()
        {
            Model.Dispose();
            Directory.Delete(Path.GetDirectoryName(Zip)!, recursive: true);
        }
    }

    private MLContext Context => _saved.Context;

    public static TheoryData<string> Entries =>
    [
        "manifest.json", "adapter_config.json", "adapter_model.safetensors", "config.json", "vocab.txt",
        "tokenizer_config.json", "model.safetensors",
    ];

    public void Dispose() => Directory.Delete(_scratch, recursive: true);

    [Fact]
    public void Loading_gives_the_same_bits_and_facts()
    {
        using var loaded = (LoraTransformer)Context.Model.Load(_saved.Zip, out DataViewSchema schema);

        Assert.Equal(_saved.Scores, Toy.Scores(loaded.Transform(_saved.Data)));
        Assert.Equal(_saved.Data.Schema.Select(c => c.Name), schema.Select(c => c.Name));
        LoraModel before = _saved.Model.Model, after = loaded.Model;
        Assert.Equal(before.Labels, after.Labels);
        Assert.Equal(before.History, after.History);
        Assert.Equal(before.AdaptedLayers, after.AdaptedLayers);
        Assert.Equal(before.TrainableParameters, after.TrainableParameters);
        Assert.Equal(before.TotalParameters, after.TotalParameters);
        Assert.Equal(before.BaseModelSha256, after.BaseModelSha256);
        Assert.Equal((before.Rank, before.Alpha, before.MaxTokens, before.Seed, before.BestEpoch),
            (after.Rank, after.Alpha, after.MaxTokens, after.Seed, after.BestEpoch));
        Assert.Equal(_saved.Model.GetOutputSchema(_saved.Data.Schema).Select(c => c.ToString()),
            loaded.GetOutputSchema(_saved.Data.Schema).Select(c => c.ToString()));
    }

    [Fact]
    public void Loading_twice_gives_two_models_that_live_apart()
    {
        var first = (LoraTransformer)Context.Model.Load(_saved.Zip, out _);
        using var second = (LoraTransformer)Context.Model.Load(_saved.Zip, out _);
        Assert.Equal(_saved.Scores, Toy.Scores(first.Transform(_saved.Data)));
        first.Dispose();
        Assert.Equal(_saved.Scores, Toy.Scores(second.Transform(_saved.Data)));
    }

    [Fact]
    public void A_loaded_model_saves_the_same_files_again()
    {
        string again = Path.Combine(_scratch, "again.zip");
        using (var loaded = (LoraTransformer)Context.Model.Load(_saved.Zip, out _))
        {
            Context.Model.Save(loaded, _saved.Data.Schema, again);
        }
        Assert.Equal(ReadEntries(_saved.Zip).Keys.Order(), ReadEntries(again).Keys.Order());
        foreach ((string name, byte[] bytes) in ReadEntries(_saved.Zip))
        {
            Assert.Equal(bytes, ReadEntries(again)[name]);
        }
    }

    [Fact]
    public void A_fresh_process_gives_the_same_bits()
    {
        string result = Path.Combine(_scratch, "scores.bin");
        ChildProcess.Run("score", _saved.Zip, result);
        byte[] bytes = File.ReadAllBytes(result);
        Assert.Equal(_saved.Scores.SelectMany(BitConverter.GetBytes), bytes);
    }

    [Fact]
    public void The_assembly_that_loads_a_model_is_named_without_the_products_version() =>
        Assert.Equal(new Version(1, 0, 0, 0), typeof(LoraTransformer).Assembly.GetName().Version);

    [Fact]
    public void The_adapter_inside_is_plain_PEFT()
    {
        Dictionary<string, byte[]> entries = ReadEntries(_saved.Zip);
        ConfigJson config = ConfigJson.Parse(entries[Folder + "adapter_config.json"], "adapter_config.json");
        Assert.Equal("LORA", config.GetString("peft_type"));
        Assert.Equal("SEQ_CLS", config.GetString("task_type"));
        Assert.Equal(8, config.GetInt("r"));
        Assert.Equal(16, config.GetDouble("lora_alpha", 0));

        using SafetensorsFile tensors = Open(entries, "adapter_model.safetensors");
        Assert.All(tensors.Names, name => Assert.StartsWith("base_model.model.", name));
        Assert.Contains("base_model.model.bert.encoder.layer.1.attention.self.query.lora_A.weight", tensors.Names);
        Assert.Contains("base_model.model.classifier.weight", tensors.Names);
    }

    [Fact]
    public void A_head_that_PEFT_has_no_class_for_lies_beside_the_encoders_adapter()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.Pooling = LoraPooling.Mean;
        string zip = Path.Combine(_scratch, "mean.zip");
        float[] scores;
        using (LoraTransformer model = Toy.Train(Context, options))
        {
            scores = Toy.Scores(model.Transform(_saved.Data));
            Context.Model.Save(model, _saved.Data.Schema, zip);
        }
        Dictionary<string, byte[]> entries = ReadEntries(zip);
        ConfigJson config = ConfigJson.Parse(entries[Folder + "adapter_config.json"], "adapter_config.json");
        Assert.Equal("FEATURE_EXTRACTION", config.GetString("task_type"));
        using SafetensorsFile tensors = Open(entries, "adapter_model.safetensors");
        Assert.Contains("base_model.model.encoder.layer.1.attention.self.query.lora_A.weight", tensors.Names);
        using SafetensorsFile head = Open(entries, "classification_head.safetensors");
        Assert.Equal(["bias", "weight"], head.Names.Order());
        using var loaded = (LoraTransformer)Context.Model.Load(zip, out _);
        Assert.Equal(scores, Toy.Scores(loaded.Transform(_saved.Data)));
    }

    [Theory]
    [MemberData(nameof(Entries))]
    public void An_altered_entry_is_named(string name) => Assert.Contains(name, ErrorOf(entries =>
    {
        byte[] bytes = entries[Folder + name];
        bytes[^2] ^= 1;
    }));

    [Theory]
    [MemberData(nameof(Entries))]
    public void A_cut_entry_is_named(string name) => Assert.Contains(name, ErrorOf(entries =>
        entries[Folder + name] = entries[Folder + name][..^1]));

    [Theory]
    [MemberData(nameof(Entries))]
    public void A_missing_entry_is_named(string name) => Assert.Contains($"{name} is missing", ErrorOf(entries =>
        entries.Remove(Folder + name)));

    [Fact]
    public void Without_its_base_a_model_looks_for_it_where_it_was()
    {
        string folder = TinyBase.Create();
        string zip = SaveWithoutBase(folder);
        Assert.DoesNotContain(Folder + "model.safetensors", ReadEntries(zip).Keys);
        using (var loaded = (LoraTransformer)Context.Model.Load(zip, out _))
        {
            Assert.Equal(_saved.Scores, Toy.Scores(loaded.Transform(_saved.Data)));
        }

        string weights = Path.Combine(folder, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        Assert.Contains("is not the one the saved model was trained on", Message(zip));

        Directory.Delete(folder, recursive: true);
        Assert.Contains($"which was in '{folder}', and that folder is not there", Message(zip));
    }

    [Fact]
    public void A_whole_pipeline_is_saved_and_predicts()
    {
        IDataView raw = Context.Data.LoadFromEnumerable(Toy.Rows(60));
        var pipeline = Context.Transforms.Conversion.MapValueToKey("Label")
            .Append(Context.MulticlassClassification.Trainers.Lora(Toy.Options(epochs: 8)))
            .Append(Context.Transforms.Conversion.MapKeyToValue("Answer", "PredictedLabel"));
        ITransformer fitted = pipeline.Fit(raw);
        string zip = Path.Combine(_scratch, "pipeline.zip");
        Context.Model.Save(fitted, raw.Schema, zip);

        ITransformer loaded = new MLContext().Model.Load(zip, out _);
        using PredictionEngine<Toy.Row, Answer> engine =
            Context.Model.CreatePredictionEngine<Toy.Row, Answer>(loaded);
        Assert.Equal("login", engine.Predict(new Toy.Row { Text = "my login password" }).Value);
        Assert.Equal("refund", engine.Predict(new Toy.Row { Text = "refund my money" }).Value);
    }

    private sealed class Answer
    {
        [ColumnName("Answer")]
        public string? Value { get; set; }
    }

    private string SaveWithoutBase(string folder)
    {
        LoraTextClassificationTrainer.Options options = Toy.Options();
        options.BaseModel = LoraBaseModel.FromFolder(folder);
        options.SaveBaseModel = false;
        string zip = Path.Combine(_scratch, "small.zip");
        using LoraTransformer model = Toy.Train(Context, options);
        Context.Model.Save(model, _saved.Data.Schema, zip);
        return zip;
    }

    private string ErrorOf(Action<Dictionary<string, byte[]>> change)
    {
        Dictionary<string, byte[]> entries = ReadEntries(_saved.Zip);
        change(entries);
        string zip = Path.Combine(_scratch, "changed.zip");
        using (ZipArchive archive = ZipFile.Open(zip, ZipArchiveMode.Create))
        {
            foreach ((string name, byte[] bytes) in entries)
            {
                using Stream stream = archive.CreateEntry(name).Open();
                stream.Write(bytes);
            }
        }
        return Message(zip);
    }

    // ML.NET wraps what a loader throws.
    private string Message(string zip)
    {
        Exception? error = Assert.ThrowsAny<Exception>(() => Context.Model.Load(zip, out _));
        while (error is not null and not InvalidDataException)
        {
            error = error.InnerException;
        }
        return Assert.IsType<InvalidDataException>(error).Message;
    }

    private static SafetensorsFile Open(Dictionary<string, byte[]> entries, string name) =>
        SafetensorsFile.Open(MappedMemory.FromArray(entries[Folder + name]), name);

    private static Dictionary<string, byte[]> ReadEntries(string zip)
    {
        using ZipArchive archive = ZipFile.OpenRead(zip);
        return archive.Entries.ToDictionary(entry => entry.FullName, entry =>
        {
            using var memory = new MemoryStream();
            using Stream stream = entry.Open();
            stream.CopyTo(memory);
            return memory.ToArray();
        });
    }
}
