using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tests.Support;
using Microsoft.ML.Lora.Tokenization;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Tokenization;

public class TextEncoderTests
{
    private static readonly TextEncoder _encoder = TextEncoder.Load(BaseModelFiles.Embedded());

    [Fact]
    public void SignsAndAccentsAreKeptAsBertKeepsThem()
    {
        var tokens = _encoder.Tokenizer.EncodeToTokens("Café $5 + ~x", out var normalized);

        Assert.Equal(["cafe", "$", "5", "+", "~", "x"], tokens.Select(token => token.Value));
        Assert.Equal("cafe $5 + ~x", normalized);
        Assert.All(tokens, token => Assert.Equal(token.Value, normalized![token.Offset]));
    }

    [Theory]
    [InlineData("one two three four five six", null, 5)]
    [InlineData("one two three four five six", "a b", 8)]
    [InlineData("a b", "one two three four five six", 8)]
    [InlineData("one two three four", "five six seven eight", 8)]
    [InlineData("one two three four", "five six seven eight", 10)]
    public void TruncationFillsTheRoomAndSaysSo(string text, string? pair, int maxTokens)
    {
        var encoded = _encoder.Encode(text, pair, maxTokens);

        Assert.Equal(maxTokens, encoded.Ids.Length);
        Assert.True(encoded.Truncated);
        Assert.Equal(102, encoded.Ids[^1]);
        Assert.False(_encoder.Encode(text, pair, 100).Truncated);
    }

    [Fact]
    public void LongestTextIsCutFirst()
    {
        var encoded = _encoder.Encode("one two three four five six", "seven eight", 8);

        Assert.Equal("[CLS] one two three [SEP] seven eight [SEP]", _encoder.Tokenizer.Decode(encoded.Ids));
        Assert.Equal([0, 0, 0, 0, 0, 1, 1, 1], encoded.TypeIds!);
    }

    [Fact]
    public void NoRoomForTextIsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _encoder.Encode("text", null, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => _encoder.Encode("text", "pair", 3));
    }

    [Fact]
    public void HalvesOfSurrogatePairsAreCharactersThatBertDrops() =>
        Assert.Equal(_encoder.Encode("ab cd", null, 10).Ids, _encoder.Encode("a\uD83Db \uDE00cd\uD83D", null, 10).Ids);

    [Fact]
    public void ThreadsDoNotDisturbEachOther()
    {
        string[] texts = [.. Enumerable.Range(0, 200).Select(i => string.Join(' ', Enumerable.Range(i, 20).Select(n => $"word{n} é{n}!")))];
        var expected = texts.Select(text => _encoder.Encode(text, null, 64).Ids).ToArray();

        Parallel.For(0, 2000, i => Assert.Equal(expected[i % texts.Length], _encoder.Encode(texts[i % texts.Length], null, 64).Ids));
    }

    [Fact]
    public void LimitsOfTheMLNetFaceAreHonoured()
    {
        var ids = _encoder.Tokenizer.EncodeToIds("one two three", 2, out var normalized, out var consumed);

        Assert.Equal(2, ids.Count);
        Assert.Equal("one two", normalized![..consumed]);
        Assert.Equal(7, _encoder.Tokenizer.GetIndexByTokenCount("one two three", 2, out _, out _));
        Assert.Equal(4, _encoder.Tokenizer.GetIndexByTokenCountFromEnd("one two three", 2, out _, out _));
    }

    [Fact]
    public void SettingsOfTheTokenizersClassCount()
    {
        const string Json = """{"normalizer":{"type":"BertNormalizer","lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},"model":{"type":"WordPiece","unk_token":"[UNK]","vocab":{"[UNK]":0,"Ab":1,"ab":2}}}""";
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("tokenizer.json"), Json);

        Assert.Equal([2], TextEncoder.Load(BaseModelFiles.FromFolder(folder.Path)).Encode("Ab", null, 5).Ids);
        File.WriteAllText(folder.PathOf("tokenizer_config.json"), """{"tokenizer_class":"BertTokenizer","do_lower_case":false}""");
        Assert.Equal([1], TextEncoder.Load(BaseModelFiles.FromFolder(folder.Path)).Encode("Ab", null, 5).Ids);
    }

    [Fact]
    public void LongRunsOfOneCharacterTakeNoQuadraticTime()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(
            folder.PathOf("tokenizer.json"),
            """{"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"model":{"type":"BPE","vocab":{"a":0,"aa":1,"aaaa":2},"merges":["a a","aa aa"]}}""");
        var encoder = TextEncoder.Load(BaseModelFiles.FromFolder(folder.Path));

        Assert.Equal(100_000, encoder.Encode(new string('a', 400_000), null, 1_000_000).Ids.Length);
    }
}
