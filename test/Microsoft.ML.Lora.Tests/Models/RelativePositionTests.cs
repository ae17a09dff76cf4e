using System.Text;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Deberta;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Models;

public class RelativePositionTests
{
    // make_log_bucket_position(torch.arange(0, 512), 256, 512) of DeBERTa v3, at some distances.
    [Theory]
    [InlineData(0, 256)]
    [InlineData(128, 384)]
    [InlineData(-128, 128)]
    [InlineData(511, 511)]
    [InlineData(-511, 1)]
    public void FarDistancesShareRowsByTheirLogarithm(int distance, int row)
    {
        int[] rows = Settings().RowsByDistance(longest: 512);
        Assert.Equal(row, rows[distance + 511]);
    }

    [Fact]
    public void RowsRiseWithTheDistance()
    {
        int[] rows = Settings().RowsByDistance(longest: 512);
        Assert.Equal(rows.Order(), rows);
        Assert.InRange(rows[0], 0, 511);
        Assert.InRange(rows[^1], 0, 511);
    }

    private static DebertaSettings Settings() => DebertaSettings.Read(ConfigJson.Parse(
        Encoding.UTF8.GetBytes(
            """
            {"relative_attention": true, "share_att_key": true, "position_biased_input": false, "pos_att_type": "p2c|c2p",
            "position_buckets": 256, "max_relative_positions": -1, "max_position_embeddings": 512}
            """),
        "config.json"));
}
