using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Models;

public class WeightReaderTests
{
    [Fact]
    public void EverythingMissingAndMisshapedIsNamedAtOnce()
    {
        BaseModelFiles files = BaseModelFiles.FromFolder(TinyBase.Folder);
        using WeightSource weights = files.OpenWeights();
        EncoderConfig config = EncoderConfig.Read(files.ReadConfig()) with { NumHiddenLayers = 3, IntermediateSize = 65 };
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => new SequenceModel(
            weights, config, new HeadSpec { Outputs = 2 }, trainHeadDense: false, new RandomStream(1, "test")));
        Assert.Contains("missing bert.encoder.layer.2.attention.self.query.weight [32, 32]", error.Message, StringComparison.Ordinal);
        Assert.Contains(
            "encoder.layer.0.intermediate.dense.weight is [64, 32], expected [65, 32]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ThePrefixMayBeLeftOut()
    {
        BaseModelFiles files = BaseModelFiles.FromFolder(TinyBase.Folder);
        using WeightSource weights = files.OpenWeights();
        var reader = new WeightReader(weights, "bert.");
        Assert.NotNull(reader.Find("bert.pooler.dense.weight", 32, 32));
        Assert.NotNull(reader.Find("pooler.dense.weight", 32, 32));
        Assert.Null(reader.Find("bert.pooler.dense.weight", 32, 31));
        Assert.Null(reader.Find("roberta.pooler.dense.weight", 32, 32));
    }
}
