using System.Text;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Models;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Models;

public class EncoderConfigTests
{
    private const string Bert = """
        "model_type": "bert", "vocab_size": 100, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
        "intermediate_size": 64, "max_position_embeddings": 50
        """;

    [Fact]
    public void BertsDefaultsAreTransformers()
    {
        EncoderConfig config = Read(Bert);
        Assert.Equal((2, 0, 1e-12f, Activation.Gelu), (config.TypeVocabSize, config.PadTokenId, config.LayerNormEps, config.HiddenAct));
        Assert.Equal((8, 32, 50, 0), (config.HeadSize, config.EmbeddingSize, config.MaxTokens, config.FirstPosition));
    }

    [Fact]
    public void RobertasPositionsFollowThePaddingId()
    {
        EncoderConfig config = Read(Bert.Replace("\"bert\"", "\"roberta\"", StringComparison.Ordinal) + """, "pad_token_id": 1""");
        Assert.Equal((2, 48), (config.FirstPosition, config.MaxTokens));
    }

    [Theory]
    [InlineData("\"bert\"", "\"gpt2\"", "gpt2")]
    [InlineData("\"hidden_size\": 32", "\"hidden_size\": 30", "30 is not a multiple of the 4 heads")]
    [InlineData("\"hidden_size\": 32", "\"hidden_size\": -5", "'hidden_size' is -5")]
    [InlineData("\"hidden_size\": 32, ", "", "'hidden_size' is missing")]
    [InlineData("\"vocab_size\": 100", "\"vocab_size\": 2000000000", "'vocab_size' is 2000000000")]
    [InlineData("\"vocab_size\"", "\"hidden_act\": \"xielu\", \"vocab_size\"", "'hidden_act' is 'xielu'")]
    [InlineData("\"vocab_size\"", "\"position_embedding_type\": \"relative_key\", \"vocab_size\"", "relative_key")]
    public void WhatCannotBeIsRefusedByName(string part, string instead, string named)
    {
        Exception error = Assert.ThrowsAny<Exception>(() => Read(Bert.Replace(part, instead, StringComparison.Ordinal)));
        Assert.True(error is InvalidDataException or NotSupportedException, error.ToString());
        Assert.Contains("config.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"share_att_key\": false")]
    [InlineData("\"relative_attention\": false")]
    [InlineData("\"conv_kernel_size\": 3")]
    [InlineData("\"position_biased_input\": true")]
    public void PartsOfDebertaThatAreNotComputedAreRefused(string setting)
    {
        const string Supported =
            "\"relative_attention\": true, \"share_att_key\": true, \"position_biased_input\": false, \"pos_att_type\": [\"c2p\"]";
        string deberta = Bert.Replace("\"bert\"", "\"deberta-v2\"", StringComparison.Ordinal);
        Assert.NotNull(Read($"{deberta}, {Supported}").Deberta);
        string key = setting[..setting.IndexOf(':', StringComparison.Ordinal)];
        string others = string.Join(", ", Supported.Split(", ").Where(part => !part.StartsWith(key, StringComparison.Ordinal)));
        Assert.Throws<NotSupportedException>(() => Read($"{deberta}, {others}, {setting}"));
    }

    private static EncoderConfig Read(string fields) =>
        EncoderConfig.Read(ConfigJson.Parse(Encoding.UTF8.GetBytes($"{{{fields}}}"), "config.json"));
}
