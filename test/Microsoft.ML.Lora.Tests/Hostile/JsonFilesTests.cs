using System.Text;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tests.Support;
using Microsoft.ML.Lora.Tokenization;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Hostile;

/// <summary>Configurations, indices and tokenizers that are damaged, absurd or lead out of their folder.</summary>
public class JsonFilesTests
{
    private const string WordPiece = """{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[UNK]":0,"a":1}}""";

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("3")]
    [InlineData("{")]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"a":{"b":1,"b":2}}""")]
    [InlineData("""{"a":NaN}""")]
    [InlineData("""{"a":1}{"b":2}""")]
    [InlineData("""{'a':1}""")]
    [InlineData("{\"a\":\"\u0001\"}")]
    public void WhatIsNoJsonObjectIsRefused(string content)
    {
        var error = Assert.Throws<InvalidDataException>(() => Parse(content));

        Assert.Contains("config.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DeepJsonIsRefused() => Assert.Throws<InvalidDataException>(
        () => Parse("{\"a\":" + new string('[', 100_000) + new string(']', 100_000) + "}"));

    [Fact]
    public void WhatIsNoUtf8IsRefused() => Assert.Throws<InvalidDataException>(
        () => ConfigJson.Parse(new byte[] { (byte)'{', (byte)'"', 0xFF, 0xFE, (byte)'"', (byte)':', (byte)'1', (byte)'}' }, "config.json"));

    [Theory]
    [InlineData("""{"hidden_size":"384"}""")]
    [InlineData("""{"hidden_size":384.5}""")]
    [InlineData("""{"hidden_size":1e300}""")]
    [InlineData("""{"hidden_size":99999999999999999999}""")]
    [InlineData("""{"hidden_size":[384]}""")]
    [InlineData("""{"hidden_size":null}""")]
    [InlineData("""{}""")]
    public void WrongNumbersAreRefusedByKey(string content)
    {
        var error = Assert.Throws<InvalidDataException>(() => Parse(content).GetInt("hidden_size"));

        Assert.Contains("'hidden_size'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../model.safetensors")]
    [InlineData("..")]
    [InlineData("/etc/passwd")]
    [InlineData("sub/model.safetensors")]
    [InlineData("..\\\\model.safetensors")]
    [InlineData("C:model.safetensors")]
    [InlineData("C:\\\\model.safetensors")]
    [InlineData("\\\\\\\\server\\\\share")]
    [InlineData("")]
    [InlineData(".")]
    [InlineData(" model.safetensors")]
    [InlineData("a\\u0000b")]
    [InlineData("a?b")]
    public void ShardsOutsideTheFolderAreRefused(string name)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("model.safetensors.index.json"), """{"weight_map":{"w":"NAME"}}""".Replace("NAME", name, StringComparison.Ordinal));

        var error = Assert.Throws<InvalidDataException>(() => BaseModelFiles.FromFolder(folder.Path).OpenWeights());

        Assert.Contains("weight_map", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"weight_map":{}}""")]
    [InlineData("""{"weight_map":[]}""")]
    [InlineData("""{"weight_map":{"w":1}}""")]
    [InlineData("""{"weight_map":{"w":"missing.safetensors"}}""")]
    [InlineData("""{"weight_map":{"w":"\ud800"}}""")]
    public void DamagedIndicesAreRefused(string content)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("model.safetensors.index.json"), content);

        Assert.Throws<InvalidDataException>(() => BaseModelFiles.FromFolder(folder.Path).OpenWeights());
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"model":{"vocab":7}}""")]
    [InlineData("""{"model":{"type":"WordPiece","vocab":{"a":0}}}""")]
    [InlineData("""{"model":{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[UNK]":-1}}}""")]
    [InlineData("""{"model":{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[UNK]":2147483647}}}""")]
    [InlineData("""{"model":{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[UNK]":"0"}}}""")]
    [InlineData("""{"model":{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[UNK]":0,"[UNK]":1}}}""")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0}}}""")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":["a a"]}}""")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":["a"]}}""")]
    [InlineData("""{"model":{"type":"BPE","vocab":{"a":0},"merges":[["a"]]}}""")]
    [InlineData("""{"model":{"type":"BPE","unk_token":"u","vocab":{"a":0},"merges":[]}}""")]
    [InlineData("""{"model":{"type":"Unigram","vocab":[]}}""")]
    [InlineData("""{"model":{"type":"Unigram","unk_id":5,"vocab":[["a",0]]}}""")]
    [InlineData("""{"model":{"type":"Unigram","unk_id":-1,"vocab":[["a",0]]}}""")]
    [InlineData("""{"model":{"type":"Unigram","unk_id":0,"vocab":[["a"]]}}""")]
    [InlineData("""{"model":{"type":"Unigram","unk_id":0,"vocab":[["a",1e999]]}}""")]
    [InlineData("""{"normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"},"model":MODEL}""")]
    [InlineData("""{"normalizer":{"type":"Precompiled","precompiled_charsmap":"/////w=="},"model":MODEL}""")]
    [InlineData("""{"normalizer":{"type":"Precompiled","precompiled_charsmap":"?"},"model":MODEL}""")]
    [InlineData("""{"normalizer":{"type":"BertNormalizer","lowercase":"yes"},"model":MODEL}""")]
    [InlineData("""{"normalizer":{},"model":MODEL}""")]
    [InlineData("""{"added_tokens":[{"content":"x"}],"model":MODEL}""")]
    [InlineData("""{"added_tokens":[{"id":-5,"content":"x"}],"model":MODEL}""")]
    [InlineData("""{"added_tokens":[{"id":2000000000,"content":"x"}],"model":MODEL}""")]
    [InlineData("""{"added_tokens":[7],"model":MODEL}""")]
    [InlineData("""{"post_processor":{"type":"BertProcessing","sep":["a"],"cls":["a",1]},"model":MODEL}""")]
    [InlineData("""{"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],"special_tokens":{}},"model":MODEL}""")]
    [InlineData("""{"model":{"type":"WordPiece","unk_token":"\ud800","vocab":{"a":0}}}""")]
    public void DamagedTokenizersAreRefused(string content) =>
        Assert.Throws<InvalidDataException>(() => Load(content));

    [Theory]
    [InlineData("""{"model":{"type":"Magic"}}""", "Magic")]
    [InlineData("""{"normalizer":{"type":"Magic"},"model":MODEL}""", "Magic")]
    [InlineData("""{"normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Magic"}]},"model":MODEL}""", "Magic")]
    [InlineData("""{"normalizer":{"type":"Replace","pattern":{"Regex":"(a+)+$"},"content":""},"model":MODEL}""", "(a+)+$")]
    [InlineData("""{"pre_tokenizer":{"type":"Magic"},"model":MODEL}""", "Magic")]
    [InlineData("""{"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(a+)+$"},"behavior":"Isolated"},"model":MODEL}""", "(a+)+$")]
    [InlineData("""{"pre_tokenizer":{"type":"Split","pattern":{"String":"a"},"behavior":"Magic"},"model":MODEL}""", "Magic")]
    [InlineData("""{"pre_tokenizer":{"type":"Metaspace","replacement":"ab"},"model":MODEL}""", "ab")]
    [InlineData("""{"post_processor":{"type":"Magic"},"model":MODEL}""", "Magic")]
    [InlineData("""{"post_processor":{"type":"TemplateProcessing","single":[],"pair":[]},"model":MODEL}""", "single")]
    [InlineData("""{"decoder":{"type":"Magic"},"model":MODEL}""", "Magic")]
    [InlineData("""{"model":{"type":"BPE","dropout":0.1,"vocab":{"a":0},"merges":[]}}""", "dropout")]
    public void WhatIsNotKnownIsRefusedByName(string content, string name)
    {
        var error = Assert.Throws<NotSupportedException>(() => Load(content));

        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void VocabulariesThatAreNoUtf8AreRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.PathOf("vocab.txt"), [0xFF, 0xFE, 0x0A]);

        Assert.Throws<InvalidDataException>(() => TextEncoder.Load(BaseModelFiles.FromFolder(folder.Path)));
    }

    [Theory]
    [InlineData(new byte[] { 0x0A })]
    [InlineData(new byte[] { 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F })]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    [InlineData(new byte[] { 0x0F })]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0x0A, 0x03, 0x0A, 0x01, 0xFF })]
    [InlineData(new byte[] { 0x0A, 0x08, 0x0A, 0x01, 0x61, 0x15, 0x00, 0x00, 0x80, 0x7F })]
    public void DamagedSentencePieceModelsAreRefused(byte[] content)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder.PathOf("spm.model"), content);

        Assert.Throws<InvalidDataException>(() => TextEncoder.Load(BaseModelFiles.FromFolder(folder.Path)));
    }

    private static ConfigJson Parse(string content) => ConfigJson.Parse(Encoding.UTF8.GetBytes(content), "config.json");

    private static void Load(string content)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("tokenizer.json"), content.Replace("MODEL", WordPiece, StringComparison.Ordinal));
        TextEncoder.Load(BaseModelFiles.FromFolder(folder.Path));
    }
}
