using System.Text;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Persistence;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Hostile;

/// <summary>
/// Folders of adapters that are damaged, absurd or made to harm, taken in as far as they go: an error that says what is wrong, in
/// little time and memory.
/// </summary>
public sealed class AdapterFolderTests : IDisposable
{
    private const string Query = "base_model.model.bert.encoder.layer.0.attention.self.query";
    private const long MaxAllocated = 64 << 20;

    private const string Config = """
        {"base_model_name_or_path":"BASE","lora_alpha":8,"lora_dropout":0.1,"peft_type":"LORA","r":2,"target_modules":["query"],"task_type":"SEQ_CLS"}
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_right_folder_is_read()
    {
        WriteFolder(Config, Tensors());
        Assert.Equal(["LABEL_0", "LABEL_1", "LABEL_2"], Read().Labels.Names());
    }

    [Theory]
    [InlineData("\"r\":2", "\"r\":65536", "rows")]
    [InlineData("\"r\":2", "\"r\":2147483647", "'r'")]
    [InlineData("\"r\":2", "\"r\":-1", "'r'")]
    [InlineData("\"r\":2", "\"r\":0", "'r'")]
    [InlineData("\"r\":2", "\"r\":1e300", "'r'")]
    [InlineData("\"r\":2", "\"r\":\"2\"", "'r'")]
    [InlineData("\"r\":2", "\"r\":2,\"r\":3", "'r'")]
    [InlineData("\"r\":2", "\"r\":2,\"rank_pattern\":{\"query\":60000}", "60000 rows")]
    [InlineData("\"r\":2", "\"r\":2,\"rank_pattern\":{\"query\":-4}", "rank_pattern")]
    [InlineData("\"r\":2", "\"r\":2,\"rank_pattern\":[4]", "rank_pattern")]
    [InlineData("\"r\":2", "\"r\":2,\"alpha_pattern\":{\"((.*)*)*(?<!x)y\":4}", "alpha_pattern")]
    [InlineData("\"r\":2", "\"r\":2,\"alpha_pattern\":{\"(\":4}", "alpha_pattern")]
    [InlineData("\"r\":2", "\"r\":2,\"alpha_pattern\":{\"(a{9999}){9999}\":4}", "alpha_pattern")]
    [InlineData("\"r\":2", "\"r\":2,\"layers_to_transform\":[\"x\"]", "layers_to_transform")]
    [InlineData("\"r\":2", "\"r\":2,\"layers_to_transform\":[-1]", "layers_to_transform")]
    [InlineData("\"r\":2", "\"r\":2,\"modules_to_save\":[\"embeddings\"]", "embeddings")]
    [InlineData("\"r\":2", "\"r\":2,\"modules_to_save\":[\"pooler\"]", "bert.pooler.dense.weight")]
    [InlineData("\"r\":2", "\"r\":2,\"modules_to_save\":7", "modules_to_save")]
    [InlineData("\"r\":2", "\"r\":2,\"bias\":\"all\"", "missing")]
    [InlineData("\"r\":2", "\"r\":2,\"use_dora\":true", "lora_magnitude_vector")]
    [InlineData("\"r\":2", "\"r\":2,\"use_dora\":\"yes\"", "use_dora")]
    [InlineData("\"r\":2", "\"r\":2,\"init_lora_weights\":\"corda\"", "corda")]
    [InlineData("\"r\":2", "\"r\":2,\"init_lora_weights\":{}", "init_lora_weights")]
    [InlineData("0.1", "1.0", "lora_dropout")]
    [InlineData("LORA", "P_TUNING", "P_TUNING")]
    [InlineData("SEQ_CLS", "CAUSAL_LM", "CAUSAL_LM")]
    [InlineData("SEQ_CLS", "FEATURE_EXTRACTION", "classification_head.safetensors")]
    [InlineData("\"LORA\"", "[\"LORA\"]", "peft_type")]
    [InlineData("\"BASE\"", "\"\"", "names no base model")]
    [InlineData("\"BASE\"", "null", "names no base model")]
    [InlineData("\"BASE\"", "7", "base_model_name_or_path")]
    [InlineData("\"BASE\"", "\"/no/such/folder\"", "/no/such/folder")]
    public void Settings_that_cannot_be_are_named(string part, string instead, string expected)
    {
        WriteFolder(Config.Replace(part, instead, StringComparison.Ordinal), Tensors());
        Refused(expected);
    }

    [Theory]
    [InlineData("lora_A.weight", null, "lora_A.weight")]
    [InlineData("lora_B.weight", null, "lora_B.weight")]
    [InlineData("lora_A.weight", "2", "lora_A.weight")]
    [InlineData("lora_A.weight", "2,31", "[2, 31]")]
    [InlineData("lora_A.weight", "2,32,1", "lora_A.weight")]
    [InlineData("lora_A.weight", "0,32", "lora_A.weight")]
    [InlineData("lora_B.weight", "31,2", "[31, 2]")]
    [InlineData("lora_B.weight", "2,32", "[2, 32]")]
    [InlineData("classifier.weight", null, "no classification head")]
    [InlineData("classifier.weight", "3,31", "[3, 31]")]
    [InlineData("classifier.weight", "1,32", "1 output")]
    [InlineData("classifier.weight", "96", "no classification head")]
    [InlineData("classifier.bias", null, "classifier.bias")]
    [InlineData("classifier.bias", "4", "classifier.bias")]
    public void Tensors_that_do_not_fit_are_named(string tensor, string? shape, string expected)
    {
        string name = tensor.StartsWith("lora", StringComparison.Ordinal) ? $"{Query}.{tensor}" : "base_model.model." + tensor;
        List<TensorToWrite> tensors = [.. Tensors().Where(t => t.Name != name)];
        if (shape is not null)
        {
            tensors.Add(Zeros(name, [.. shape.Split(',').Select(long.Parse)]));
        }
        WriteFolder(Config, tensors);
        Refused(expected);
    }

    [Theory]
    [InlineData("base_model.model.bert.encoder.layer.9.attention.self.query.lora_A.weight", "layer.9")]
    [InlineData("base_model.model.classifier.dense.lora_A.weight", "classifier.dense")]
    [InlineData("base_model.model.bert.embeddings.word_embeddings.lora_embedding_A", "lora_embedding_A")]
    [InlineData("base_model.model.bert.x.vera_lambda_b", "VeRA")]
    [InlineData("base_model.model.bert.x.trainable_tokens_delta", "trainable_token_indices")]
    [InlineData("no.such.tensor", "no.such.tensor")]
    [InlineData("", "unexpected")]
    public void Tensors_too_many_are_named(string name, string expected)
    {
        WriteFolder(Config, [.. Tensors(), Zeros(name, [2, 32])]);
        Refused(expected);
    }

    [Theory]
    [InlineData("labels", "no json", "labels")]
    [InlineData("labels", "[1, 2, 3]", "labels")]
    [InlineData("labels", "[null, \"a\", \"b\"]", "labels")]
    [InlineData("labels", "{}", "labels")]
    [InlineData("labels", "[\"a\"]", "1 labels are given")]
    [InlineData("labels", "[\"a\", \"a\", \"b\"]", "not all different")]
    [InlineData("labels", "[\"a\", \"\", \"b\"]", "not all different")]
    [InlineData("max_tokens", "0", "max_tokens")]
    [InlineData("max_tokens", "-5", "max_tokens")]
    [InlineData("max_tokens", "1e3", "max_tokens")]
    [InlineData("max_tokens", "99999999999999999999", "max_tokens")]
    public void Metadata_that_make_no_sense_are_named(string key, string value, string expected)
    {
        WriteFolder(Config, Tensors(), new Dictionary<string, string> { [key] = value });
        Refused(expected);
    }

    [Theory]
    [InlineData("weight", "3,31", "classifier.weight")]
    [InlineData("weight", null, "weight")]
    [InlineData("bias", null, "bias")]
    [InlineData("bias", "7", "classifier.bias")]
    public void Heads_that_do_not_fit_are_named(string tensor, string? shape, string expected)
    {
        WriteFolder(
            Config.Replace("SEQ_CLS", "FEATURE_EXTRACTION", StringComparison.Ordinal),
            [.. Tensors().Where(t => !t.Name.Contains("classifier", StringComparison.Ordinal))]);
        List<TensorToWrite> head = [Zeros("weight", [3, 32]), Zeros("bias", [3])];
        head.RemoveAll(item => item.Name == tensor);
        if (shape is not null)
        {
            head.Add(Zeros(tensor, [.. shape.Split(',').Select(long.Parse)]));
        }
        SafetensorsWriter.Write(_folder.PathOf(PeftHeadFile.Name), head, new Dictionary<string, string> { ["pooling"] = "mean" });
        Refused(expected);
        SafetensorsWriter.Write(_folder.PathOf(PeftHeadFile.Name), [Zeros("weight", [3, 32]), Zeros("bias", [3])],
            new Dictionary<string, string> { ["pooling"] = "max" });
        Refused("'max'");
    }

    [Fact]
    public void A_pattern_made_to_run_forever_ends()
    {
        WriteFolder(Config.Replace("\"r\":2", "\"r\":2,\"alpha_pattern\":{\"((([a-z.]+)+)+)+!\":4}", StringComparison.Ordinal), Tensors());
        Assert.Equal(8, Read().AdapterConfig.RankAndScaling(Query).Scaling * 2);
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        WriteFolder(Config, Tensors());
        byte[] whole = File.ReadAllBytes(_folder.PathOf("adapter_model.safetensors"));
        for (int length = 0; length < whole.Length; length += length < 600 ? 7 : 97)
        {
            File.WriteAllBytes(_folder.PathOf("adapter_model.safetensors"), whole[..length]);
            Refused("adapter_model.safetensors");
        }
    }

    [Theory]
    [InlineData("adapter_config.json")]
    [InlineData("adapter_model.safetensors")]
    public void Mutations_are_read_or_refused(string file)
    {
        WriteFolder(Config, Tensors());
        byte[] original = File.ReadAllBytes(_folder.PathOf(file));
        int mutable = file.EndsWith(".json", StringComparison.Ordinal) ? original.Length : 8 + original[0] + (256 * original[1]);
        for (int seed = 0; seed < 1500; seed++)
        {
            var random = new Random(seed);
            byte[] mutated = [.. original];
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                mutated[random.Next(mutable)] = random.Next(2) == 0 ? (byte)random.Next(256) : (byte)"0123456789{}[]\",:-"[random.Next(18)];
            }
            File.WriteAllBytes(_folder.PathOf(file), mutated);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                // Given the base, so that none is looked for on the hub.
                Read(givesBase: true);
            }
            catch (Exception error) when (IsClear(error))
            {
                Assert.NotEmpty(error.Message);
            }
            catch (Exception error)
            {
                Assert.Fail($"Mutation {seed} of {Encoding.Latin1.GetString(mutated[..mutable])}\n{error}");
            }
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocated);
        }
    }

    private void Refused(string expected)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exception? error = Record.Exception(() => Read());
        Assert.NotNull(error);
        Assert.True(IsClear(error), error.ToString());
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocated);
    }

    private static bool IsClear(Exception error) => error is InvalidDataException or NotSupportedException or FileNotFoundException
        or DirectoryNotFoundException || error.GetType() == typeof(ArgumentException);

    private ModelContents Read(bool givesBase = false) => new AdapterImport
    {
        Folder = _folder.Path,
        Columns = new ColumnNames("Text", null, "Label", "Score", "PredictedLabel"),
        Base = givesBase ? new BaseOrigin(BaseKind.Folder, TinyBase.Folder, null) : null,
    }.Read();

    private void WriteFolder(
        string config, IReadOnlyList<TensorToWrite> tensors, Dictionary<string, string>? metadata = null)
    {
        File.WriteAllText(_folder.PathOf("adapter_config.json"), config.Replace("BASE", TinyBase.Folder, StringComparison.Ordinal));
        SafetensorsWriter.Write(_folder.PathOf("adapter_model.safetensors"), tensors, metadata);
    }

    private static List<TensorToWrite> Tensors() =>
    [
        .. new[] { 0, 1 }.SelectMany(layer => new[]
        {
            Zeros(Query.Replace("layer.0", $"layer.{layer}", StringComparison.Ordinal) + ".lora_A.weight", [2, 32]),
            Zeros(Query.Replace("layer.0", $"layer.{layer}", StringComparison.Ordinal) + ".lora_B.weight", [32, 2]),
        }),
        Zeros("base_model.model.classifier.weight", [3, 32]),
        Zeros("base_model.model.classifier.bias", [3]),
    ];

    private static TensorToWrite Zeros(string name, long[] shape) =>
        TensorToWrite.Floats(name, shape, new float[shape.Aggregate(1L, (product, size) => product * size)]);
}
