using System.Text.Json;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Providers;

namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary><c>bench score</c>: merged scoring of a model with random weights on batches as they come. One JSON line.</summary>
internal static class ScoreBench
{
    public static int Run(string[] args)
    {
        if (BenchOptions.Parse("score", args) is not { } options)
        {
            return 2;
        }

        using IDisposable kernel = options.UseKernel();
        Console.WriteLine(JsonSerializer.Serialize(Measure(options)));
        return 0;
    }

    public static BenchResult Measure(BenchOptions options)
    {
        using var synthetic = new SyntheticBase(options.Shape, options.Element);
        SessionSpec spec = TrainBench.Spec(options, synthetic);
        AdapterState state;
        using (var session = new ManagedSession(spec))
        {
            state = session.Export();
        }

        using var scorer = new ManagedScorer(spec.Base, state, spec.Adapter, spec.Head, options.Threads);
        PackedBatch[] batches = TrainBench.Batches(options, options.Steps + TrainBench.WarmUp);
        float[] logits = new float[options.Batch * scorer.Outputs];
        var meter = new StepMeter("score", options);
        StepMeter.WarmUp(() => scorer.Score(batches[0], logits));
        for (int i = 0; i < batches.Length; i++)
        {
            if (i == TrainBench.WarmUp - 1)
            {
                meter.CountFlops(() => scorer.Score(batches[i], logits), batches[i].TokenCount);
            }
            else if (i < TrainBench.WarmUp)
            {
                scorer.Score(batches[i], logits);
            }
            else
            {
                meter.Step(batches[i].TokenCount, () => scorer.Score(batches[i], logits));
            }
        }

        return meter.Result();
    }
}
