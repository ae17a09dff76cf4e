using System.Buffers;
using Microsoft.ML.StandIn.Tests.Support;
using Microsoft.ML.Tokenizers;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.StandIn.Tests.Tokenizers;

/// <summary>What the base of all tokenizers does with what a tokenizer gives it.</summary>
public sealed class TokenizerTests(ITestOutputHelper output)
{
    private const string Text = "ab cd ef";

    private readonly ToyTokenizer _tokenizer = new();

    [Fact]
    public void Encoding_PassesTextsAndSpansWithTheirSettings()
    {
        Assert.Equal([97, 99, 101], _tokenizer.EncodeToIds(Text));
        Assert.Equal($"{Text}/{Text}/True/True/{int.MaxValue}", _tokenizer.Asked);
        Assert.Equal([97, 99, 101], _tokenizer.EncodeToIds(Text.AsSpan(), false, false));
        Assert.Equal($"null/{Text}/False/False/{int.MaxValue}", _tokenizer.Asked);
        Assert.Empty(_tokenizer.EncodeToIds(null!));
        Assert.Equal($"null//True/True/{int.MaxValue}", _tokenizer.Asked);
        Assert.Equal(3, _tokenizer.CountTokens(Text));
        Assert.Equal(["ab", "cd", "ef"], _tokenizer.EncodeToTokens(Text, out string? normalized).Select(t => t.Value));
        Assert.Equal("N" + Text, normalized);
        Assert.Null(_tokenizer.Normalizer);
        Assert.Null(_tokenizer.PreTokenizer);
    }

    [Theory]
    [InlineData(-1, "", 0, "0 -1", "9 -1")]
    [InlineData(0, "", 0, "0 0", "9 0")]
    [InlineData(1, "97", 1, "2 1", "6 1")]
    [InlineData(2, "97,99", 4, "5 2", "3 2")]
    [InlineData(3, "97,99,101", 7, "8 3", "0 3")]
    [InlineData(9, "97,99,101", 7, "8 3", "0 3")]
    public void LimitedEncoding_SaysHowFarItCame(int limit, string ids, int consumed, string index, string fromEnd)
    {
        IReadOnlyList<int> encoded = _tokenizer.EncodeToIds(Text, limit, out string? normalized, out int charsConsumed);
        Assert.Equal(ids, string.Join(',', encoded));
        Assert.Equal(consumed, charsConsumed);
        Assert.Equal("N" + Text, normalized);
        int found = _tokenizer.GetIndexByTokenCount(Text, limit, out _, out int count);
        Assert.Equal(index, $"{found} {count}");
        found = _tokenizer.GetIndexByTokenCount(Text.AsSpan(), limit, out _, out count);
        Assert.Equal(index, $"{found} {count}");
        found = _tokenizer.GetIndexByTokenCountFromEnd(Text, limit, out _, out count);
        Assert.Equal(fromEnd, $"{found} {count}");
    }

    [Fact]
    public void Decoding_GrowsItsBufferAndReportsFailures()
    {
        Assert.Equal("abc", _tokenizer.Decode([97, 98, 99]));
        string longText = new([.. Enumerable.Range(0, 500).Select(i => (char)(97 + (i % 26)))]);
        Assert.Equal(longText, _tokenizer.Decode(longText.Select(c => (int)c).ToArray()));
        Assert.Equal(longText, _tokenizer.Decode(longText.Select(c => (int)c)));
        Assert.Equal("", _tokenizer.Decode([]));
        Assert.Equal("ids", Assert.Throws<ArgumentNullException>(() => _tokenizer.Decode(null!)).ParamName);
        foreach (OperationStatus ending in new[] { OperationStatus.InvalidData, OperationStatus.NeedMoreData })
        {
            _tokenizer.Ending = ending;
            var failure = Assert.Throws<InvalidOperationException>(() => _tokenizer.Decode([97]));
            Assert.Equal("The provided token IDs could not be decoded.", failure.Message);
        }
    }

    [Fact]
    public void Values_HaveTheirDefaultsAndCompareByContent()
    {
        var settings = new EncodeSettings();
        Assert.False(settings.ConsiderPreTokenization);
        Assert.False(settings.ConsiderNormalization);
        Assert.Equal(int.MaxValue, settings.MaxTokenCount);
        Assert.Equal(0, default(EncodeSettings).MaxTokenCount);
        Assert.Null(default(EncodeResults<int>).Tokens);
        Assert.Equal(new EncodedToken(3, "x", 1..2), new EncodedToken(3, "x", 1..2));
        Assert.NotEqual(new EncodedToken(3, "x", 1..2), new EncodedToken(3, null!, 1..2));
    }

    [SkippableFact]
    public void ConcreteTokenizers_AreNotPartOfTheStandIn()
    {
        string[] recorded = [.. Directory.GetFiles(Golden.Require("tokenizers"), "*.jsonl")
            .Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];
        Type[] concrete = [.. typeof(Tokenizer).Assembly.GetExportedTypes()
            .Where(type => type.IsSubclassOf(typeof(Tokenizer)))];
        output.WriteLine($"{recorded.Length} recordings of concrete tokenizers are out of scope: "
            + string.Join("; ", recorded));
        Assert.Empty(concrete);
        Assert.Equal(14, recorded.Length);
    }
}
