using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tasks;
using Microsoft.ML.Lora.Tests.Support;
using Microsoft.ML.Lora.Tokenization;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Tasks;

public sealed class TextClassifierTests
{
    private static readonly string[] _texts = ["where is my parcel", "", "great", "my card is late, refund my money !"];

    [Theory]
    [InlineData(null)]
    [InlineData("the order is bad")]
    public void One_text_scores_the_bits_it_has_in_a_batch(string? pair)
    {
        using TextClassifier classifier = Create();
        EncodedExample[] rows = [.. _texts.Select(text => classifier.Encode(text, pair))];
        var together = new float[rows.Length * 3];
        classifier.Score(rows, together);

        var alone = new float[3];
        for (int i = 0; i < rows.Length; i++)
        {
            classifier.Score(_texts[i], pair, alone);
            Assert.Equal(together.AsSpan(i * 3, 3).ToArray(), alone);
        }
    }

    [Fact]
    public void One_text_is_scored_without_allocation()
    {
        using TextClassifier classifier = Create();
        var scores = new float[3];

        // Code that is not yet optimised boxes here and there, so it is given time.
        long allocated = long.MaxValue;
        for (int attempt = 0; attempt < 1500 && allocated != 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Score(rounds: 20);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Thread.Sleep(allocated == 0 ? 0 : 20);
        }

        Assert.Equal(0, allocated);

        void Score(int rounds)
        {
            for (int round = 0; round < rounds; round++)
            {
                foreach (string text in _texts)
                {
                    classifier.Score(text, null, scores);
                }
            }
        }
    }

    private static TextClassifier Create()
    {
        BaseModelFiles files = BaseModelFiles.FromFolder(TinyBase.Folder);
        var spec = new SessionSpec
        {
            Base = files,
            Adapter = new AdapterConfig { Rank = 2 },
            Head = new HeadSpec { Outputs = 3, Pooling = Pooling.Mean },
            Threads = 1,
        };
        using var session = new ManagedSession(spec);
        var scorer = new ManagedScorer(files, session.Export(), spec.Adapter, spec.Head, threads: 1);
        return new TextClassifier(TextEncoder.Load(files), scorer, 3, maxTokens: 32);
    }
}
