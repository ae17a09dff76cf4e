using System.Buffers;
using System.Text.Json;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tests.Support;
using Microsoft.ML.Lora.Tokenization;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Tokenization;

/// <summary>Every normalizer, pre-tokenizer, model and kind of added token against Hugging Face's library, version 0.23.2.</summary>
public class TokenizerPartsTests
{
    private static readonly JsonElement _fixture = JsonDocument.Parse(File.ReadAllBytes(Fixture.Path("tokenizers/parts.json"))).RootElement;

    public static TheoryData<string> Names =>
        [.. _fixture.GetProperty("cases").EnumerateArray().Select(item => item.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void IdsAreTheSame(string name)
    {
        var item = _fixture.GetProperty("cases").EnumerateArray().Single(item => item.GetProperty("name").GetString() == name);
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.PathOf("tokenizer.json"), item.GetProperty("tokenizer").GetRawText());
        var encoder = TextEncoder.Load(BaseModelFiles.FromFolder(folder.Path));
        var texts = _fixture.GetProperty("texts").EnumerateArray().Select(text => text.GetString()!);

        foreach (var (text, ids) in texts.Zip(item.GetProperty("ids").EnumerateArray()))
        {
            var expected = ids.EnumerateArray().Select(id => id.GetInt32()).ToArray();
            var found = encoder.Encode(text, null, 1000).Ids;
            Assert.True(
                expected.SequenceEqual(found), $"{text}\n  expected {string.Join(' ', expected)}\n  found    {string.Join(' ', found)}");
            Assert.Equal(expected, encoder.Tokenizer.EncodeToTokens(text, out _).Select(token => token.Id));
        }
    }

    [Fact]
    public void TextsAreTheSame()
    {
        foreach (var item in _fixture.GetProperty("decoders").EnumerateArray())
        {
            using var folder = new TemporaryFolder();
            File.WriteAllText(folder.PathOf("tokenizer.json"), item.GetProperty("tokenizer").GetRawText());
            var tokenizer = TextEncoder.Load(BaseModelFiles.FromFolder(folder.Path)).Tokenizer;
            var ids = item.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray();
            var expected = item.GetProperty("text").GetString()!;

            Assert.Equal(expected, tokenizer.Decode(ids));
            var destination = new char[expected.Length];
            Assert.Equal(OperationStatus.Done, tokenizer.Decode(ids, destination, out var consumed, out var written));
            Assert.Equal((ids.Length, expected.Length), (consumed, written));
            Assert.Equal(OperationStatus.DestinationTooSmall, tokenizer.Decode(ids, destination.AsSpan(1), out consumed, out written));
            Assert.InRange(consumed, 0, ids.Length - 1);
            Assert.Equal(tokenizer.Decode(ids[..consumed]), new string(destination.AsSpan(1, written)));
        }
    }
}
