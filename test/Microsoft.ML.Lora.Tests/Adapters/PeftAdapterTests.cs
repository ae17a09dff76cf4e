using System.Text;
using System.Text.Json;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Adapters;

public class PeftAdapterTests
{
    public static TheoryData<string, string> Supported => new()
    {
        { "tiny-bert-all-linear", "bert." },
        { "tiny-bert-bias-all", "bert." },
        { "tiny-bert-bias-lora-only", "bert." },
        { "tiny-bert-dora", "bert." },
        { "tiny-bert-gaussian", "bert." },
        { "tiny-bert-layers-1-2", "bert." },
        { "tiny-bert-lora-dropout-none", "bert." },
        { "tiny-bert-loraplus", "bert." },
        { "tiny-bert-multi-label", "bert." },
        { "tiny-bert-olora", "bert." },
        { "tiny-bert-pissa", "bert." },
        { "tiny-bert-pooler-saved", "bert." },
        { "tiny-bert-qv", "bert." },
        { "tiny-bert-rank-pattern", "bert." },
        { "tiny-bert-rank1", "bert." },
        { "tiny-bert-regression-pairs", "bert." },
        { "tiny-bert-rslora", "bert." },
        { "tiny-deberta-v2-qv", "deberta." },
        { "tiny-distilbert-qv", "distilbert." },
        { "tiny-electra-qv", "electra." },
        { "tiny-modernbert-qkv", "model." },
        { "tiny-mpnet-qv", "mpnet." },
        { "tiny-roberta-all-linear", "roberta." },
        { "tiny-roberta-pairs", "roberta." },
        { "tiny-roberta-qv", "roberta." },
        { "tiny-xlm-roberta-qv", "roberta." },
    };

    [SkippableTheory]
    [MemberData(nameof(Supported))]
    public void WhatIsReadIsWrittenAgain(string name, string prefix)
    {
        var folder = Shared.Require($"models/tiny/peft/{name}/adapter");
        var adapter = PeftAdapterReader.Read(folder, prefix);
        using var copy = new TemporaryFolder();

        PeftAdapterWriter.Write(copy.Path, adapter, prefix);

        using var expected = SafetensorsFile.Open(Path.Combine(folder, "adapter_model.safetensors"));
        using var written = SafetensorsFile.Open(copy.PathOf("adapter_model.safetensors"));
        var keys = expected.Names.Where(key => !key.Contains("modules_to_save") && !key.Contains("original_module"));
        Assert.Equal(keys.Order(), written.Names.Order());
        Assert.All(written.Names, key => Assert.Equal(Bits(expected.Find(key)!), Bits(written.Find(key)!)));
        Assert.Equal("pt", written.Metadata["format"]);
        AssertConfig(Path.Combine(folder, "adapter_config.json"), copy.PathOf("adapter_config.json"));
    }

    [SkippableTheory]
    [InlineData("tiny-bert-vera", "VeRA")]
    [InlineData("tiny-bert-loha", "LoHa")]
    [InlineData("tiny-bert-lokr", "LoKr")]
    [InlineData("tiny-bert-ia3", "IA³")]
    [InlineData("tiny-gpt2-c_attn", "fan_in_fan_out")]
    [InlineData("tiny-bert-token-classification", "task_type 'TOKEN_CLS'")]
    [InlineData("tiny-roberta-token-classification", "task_type 'TOKEN_CLS'")]
    [InlineData("tiny-vit-qv", "ViTForImageClassification")]
    public void WhatIsNotSupportedIsRefusedByName(string name, string expected)
    {
        var folder = Shared.Require($"models/tiny/peft/{name}/adapter");

        var error = Assert.Throws<NotSupportedException>(() => PeftAdapterReader.Read(folder, "bert."));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void HeadTellsTheNumberOfOutputs()
    {
        var adapter = PeftAdapterReader.Read(Shared.Require("models/peft-minilm-trec6"), "bert.");

        Assert.Equal(6, adapter.Outputs);
        Assert.Equal(8, adapter.Config.Rank);
        Assert.Equal(PeftTask.SequenceClassification, adapter.Task);
    }

    [Theory]
    [InlineData("base_model.model.bert.x.query.lora_A.weight", "bert.x.query.lora_A.weight")]
    [InlineData("base_model.model.bert.x.query.lora_A.default.weight", "bert.x.query.lora_A.weight")]
    [InlineData("bert.x.query.lora_B.mine.weight", "bert.x.query.lora_B.weight")]
    [InlineData("base_model.model.bert.x.query.lora_B.default.bias", "bert.x.query.lora_B.bias")]
    [InlineData("base_model.model.bert.x.query.lora_magnitude_vector", "bert.x.query.lora_magnitude_vector")]
    [InlineData("base_model.model.bert.x.query.lora_magnitude_vector.weight", "bert.x.query.lora_magnitude_vector")]
    [InlineData("base_model.model.bert.x.query.lora_magnitude_vector.default.weight", "bert.x.query.lora_magnitude_vector")]
    [InlineData("base_model.model.bert.x.query.lora_magnitude_vector.default", "bert.x.query.lora_magnitude_vector")]
    [InlineData("base_model.model.bert.x.query.base_layer.bias", "bert.x.query.bias")]
    [InlineData("base_model.model.bert.x.query.bias", "bert.x.query.bias")]
    [InlineData("base_model.model.classifier.weight", "classifier.weight")]
    [InlineData("base_model.model.classifier.modules_to_save.default.weight", "classifier.weight")]
    [InlineData("base_model.model.classifier.modules_to_save.bias", "classifier.bias")]
    [InlineData("base_model.model.classifier.modules_to_save.default.out_proj.weight", "classifier.out_proj.weight")]
    [InlineData("base_model.model.classifier.original_module.weight", null)]
    public void KeysAreBroughtToOneSpelling(string key, string? expected) => Assert.Equal(expected, PeftKeys.Normalize(key));

    [Fact]
    public void EverySettingThatIsNotSupportedIsNamed()
    {
        const string Config = """
            {"peft_type":"LORA","task_type":"CAUSAL_LM","r":4,"use_qalora":true,"trainable_token_indices":[1,2],
             "layer_replication":[[0,4]],"init_lora_weights":"pissa_niter_16","modules_to_save":["embeddings"],"bias":"some"}
            """;

        var error = Assert.Throws<NotSupportedException>(() => Read(Config));

        foreach (var part in new[]
        {
            "CAUSAL_LM", "use_qalora", "trainable_token_indices", "layer_replication", "pissa_niter_16", "embeddings", "bias 'some'",
        })
        {
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{"peft_type":"LORA","task_type":"SEQ_CLS","r":4,"target_modules":["query"]}""", "query")]
    [InlineData("""{"peft_type":"LORA","task_type":"SEQ_CLS","r":4,"target_modules":".*query"}""", "bert.layer.0.query")]
    [InlineData("""{"peft_type":"LORA","task_type":"SEQ_CLS","r":4,"target_modules":null}""", "bert.layer.0.query")]
    [InlineData("""{"peft_type":"LORA","task_type":"SEQ_CLS","r":4,"target_modules":["key"]}""", "bert.layer.0.query")]
    [InlineData("""{"peft_type":"LORA","r":4,"target_modules":["query"],"exclude_modules":["value"]}""", "bert.layer.0.query")]
    public void TensorsSayWhatIsAdapted(string config, string expected) =>
        Assert.Equal([expected], Read(config).Config.TargetModules.Names);

    [Fact]
    public void BiasesOfBGoIntoTheLayers()
    {
        const string Config = """{"peft_type":"LORA","task_type":"SEQ_CLS","r":2,"lora_alpha":6,"lora_bias":true}""";
        var adapter = Read(
            Config, rank: 2, extra: TensorToWrite.Floats("base_model.model.bert.layer.0.query.lora_B.bias", [3], new float[] { 1, 2, 3 }));

        var folded = PeftAdapterReader.FoldUpBiases(adapter, module => module == "bert.layer.0.query" ? [10, 20, 30] : null);

        Assert.Equal([13, 26, 39], folded.State["bert.layer.0.query.bias"].Values);
        Assert.Null(folded.State.Find("bert.layer.0.query.lora_B.bias"));
        Assert.Equal(BiasTraining.LoraOnly, folded.Config.Bias);
    }

    [Theory]
    [InlineData(false, 8, 12)]
    [InlineData(true, 8, 8.485281f)]
    public void StartTakenOutOfTheBaseBecomesAPlainUpdateOfTwiceTheRank(bool rsLora, int rank, float alpha)
    {
        var config = new AdapterConfig { Rank = 4, Alpha = 6, Initialization = AdapterInitialization.Pissa, UseRsLora = rsLora };
        var state = new AdapterState
        {
            ["bert.layer.0.query.lora_A.weight"] = new AdapterTensor([8, 5], new float[40]),
            ["bert.layer.0.query.lora_B.weight"] = new AdapterTensor([3, 8], new float[24]),
        };

        var plain = PeftAdapterWriter.PlainConfig(config, state);

        Assert.Equal(rank, plain.Rank);
        Assert.Equal(alpha, plain.Alpha, 5);
        Assert.Equal(AdapterInitialization.Kaiming, plain.Initialization);
        Assert.Equal(config.RankAndScaling("x").Scaling, plain.RankAndScaling("x").Scaling, 6);
    }

    [Fact]
    public void EncoderAloneGetsThePrefixOfAModelWithAHead()
    {
        const string Config = """{"peft_type":"LORA","task_type":"FEATURE_EXTRACTION","r":4,"target_modules":["query"]}""";
        var adapter = Read(Config, module: "layer.0.query");

        Assert.Contains("bert.layer.0.query.lora_A.weight", adapter.State.Names);
        using var folder = new TemporaryFolder();
        PeftAdapterWriter.Write(folder.Path, adapter, "bert.");
        using var written = SafetensorsFile.Open(folder.PathOf("adapter_model.safetensors"));
        Assert.Contains("base_model.model.layer.0.query.lora_A.weight", written.Names);
    }

    private static PeftAdapter Read(
        string config, int rank = 4, string module = "bert.layer.0.query", TensorToWrite? extra = null)
    {
        List<TensorToWrite> tensors =
        [
            TensorToWrite.Floats($"base_model.model.{module}.lora_A.weight", [rank, 5], new float[rank * 5]),
            TensorToWrite.Floats($"base_model.model.{module}.lora_B.weight", [3, rank], new float[3 * rank]),
        ];
        if (extra is not null)
        {
            tensors.Add(extra);
        }

        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, tensors);
        using var file = SafetensorsFile.Open(MappedMemory.FromArray(stream.ToArray()), "adapter_model.safetensors");
        return PeftAdapterReader.Read(
            ConfigJson.Parse(Encoding.UTF8.GetBytes(config), "adapter_config.json"), file, "bert.");
    }

    private static int[] Bits(StoredTensor tensor) => [.. tensor.ToArray().Select(BitConverter.SingleToInt32Bits)];

    // Every key that is written has the value PEFT wrote, lists in any order.
    private static void AssertConfig(string expectedPath, string writtenPath)
    {
        using var expected = JsonDocument.Parse(File.ReadAllBytes(expectedPath));
        using var written = JsonDocument.Parse(File.ReadAllBytes(writtenPath));
        var keys = written.RootElement.EnumerateObject().Select(property => property.Name).ToList();
        Assert.Equal(keys.Order(StringComparer.Ordinal), keys);
        foreach (var key in keys.Except(["layers_pattern"]))
        {
            Assert.Equal(Canonical(expected.RootElement.GetProperty(key)), Canonical(written.RootElement.GetProperty(key)));
        }
    }

    private static string Canonical(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => string.Join(",", value.EnumerateArray().Select(Canonical).Order(StringComparer.Ordinal).Distinct()),
        JsonValueKind.Object => string.Join(",", value.EnumerateObject().Select(p => p.Name + Canonical(p.Value)).Order(StringComparer.Ordinal)),
        JsonValueKind.Number => value.GetDouble().ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        _ => value.GetRawText(),
    };
}
