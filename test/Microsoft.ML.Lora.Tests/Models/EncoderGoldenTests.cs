using System.Text.Json;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Models;

/// <summary>Hidden states and logits of every family against transformers.</summary>
public class EncoderGoldenTests
{
    private const double Tolerance = 2e-5;

    [SkippableTheory]
    [InlineData("tiny-bert")]
    [InlineData("tiny-bert-cased")]
    [InlineData("tiny-bert-sharded", "tiny-bert")]
    [InlineData("tiny-roberta")]
    [InlineData("tiny-xlm-roberta")]
    [InlineData("tiny-distilbert")]
    [InlineData("tiny-electra")]
    [InlineData("tiny-mpnet")]
    [InlineData("tiny-modernbert")]
    [InlineData("tiny-deberta-v2")]
    public void HiddenStatesAndLogitsAreThoseOfTransformers(string model, string? recorded = null)
    {
        JsonElement golden = GoldenJson.Read($"models/tiny/{recorded ?? model}/expected_outputs.json");
        using var files = new LoadedModel($"models/tiny/{model}", outputs: 3);
        foreach (JsonElement text in golden.GetProperty("texts").EnumerateArray())
        {
            files.Run(text.Example());
            Assert.InRange(GoldenJson.MaxDifference(text.GetProperty("hidden_first").Floats(), files.First), 0, Tolerance);
            Assert.InRange(GoldenJson.MaxDifference(text.GetProperty("hidden_last").Floats(), files.Last), 0, Tolerance);
            Assert.InRange(GoldenJson.MaxDifference(text.GetProperty("hidden_mean").Floats(), files.Mean), 0, Tolerance);
            Assert.InRange(GoldenJson.MaxDifference(text.GetProperty("logits").Floats(), files.Logits), 0, Tolerance);
        }

        foreach (JsonElement pair in golden.GetProperty("pairs").EnumerateArray())
        {
            files.Run(pair.Example());
            Assert.InRange(GoldenJson.MaxDifference(pair.GetProperty("logits").Floats(), files.Logits), 0, Tolerance);
        }
    }

    [SkippableFact]
    public void TheEmbeddedBaseGivesItsRecordedStates()
    {
        JsonElement golden = GoldenJson.Read("models/all-MiniLM-L6-v2/expected_outputs.json");
        using var files = new LoadedModel("models/all-MiniLM-L6-v2", outputs: 2);
        foreach (JsonElement text in golden.EnumerateArray())
        {
            files.Run(text.Example());
            Assert.InRange(GoldenJson.MaxDifference(text.GetProperty("hidden_first").Floats(), files.First), 0, 1e-4);
            Assert.InRange(GoldenJson.MaxDifference(text.GetProperty("mean").Floats(), files.Mean), 0, 1e-4);
        }
    }

    [SkippableFact]
    public void NamesOfOldCheckpointsAreUnderstood()
    {
        JsonElement golden = GoldenJson.Read("models/tiny/tiny-bert/expected_outputs.json");
        using var files = new LoadedModel("models/tiny/tiny-bert-mlm-names", outputs: 3);
        JsonElement text = golden.GetProperty("texts")[5];
        files.Run(text.Example());
        Assert.InRange(GoldenJson.MaxDifference(text.GetProperty("hidden_mean").Floats(), files.Mean), 0, Tolerance);
    }

    /// <summary>A model with the family's head, run on one example at a time.</summary>
    private sealed class LoadedModel : IDisposable
    {
        private readonly WeightSource _weights;
        private readonly SequenceModel _model;
        private readonly ShardWorker _worker;
        private readonly PackedBatch _batch = new();

        public LoadedModel(string relativePath, int outputs)
        {
            BaseModelFiles files = BaseModelFiles.FromFolder(Shared.Require(relativePath));
            _weights = files.OpenWeights();
            EncoderConfig config = EncoderConfig.Read(files.ReadConfig());
            _model = new SequenceModel(_weights, config, new HeadSpec { Outputs = outputs }, false, new RandomStream(1, "test"));
            _model.Prepare(training: false);
            _worker = new ShardWorker(_model);
        }

        public float[] First { get; private set; } = [];

        public float[] Last { get; private set; } = [];

        public float[] Mean { get; private set; } = [];

        public float[] Logits { get; private set; } = [];

        public void Run(EncodedExample example)
        {
            _batch.Fill([example], [0]);
            _worker.Load(_batch, [0], ThreadTeam.Single);
            Matrix hidden = _model.Encoder.Forward(_worker.Pass, _worker.Memo.Encoder, firstTokens: false);
            First = hidden[0].ToArray();
            Last = hidden[hidden.Rows - 1].ToArray();
            Matrix mean = _worker.Pass.Workspace.Rent(1, hidden.Columns);
            MeanPooling.Forward(hidden, _worker.Pass.Offsets, mean);
            Mean = mean[0].ToArray();
            Logits = _model.Forward(_worker.Pass, _worker.Memo)[0].ToArray();
        }

        public void Dispose()
        {
            _worker.Dispose();
            _model.Dispose();
            _weights.Dispose();
        }
    }
}
