using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary><c>bench train</c>: training steps of a model with random weights on batches as they come. One JSON line.</summary>
internal static class TrainBench
{
    /// <summary>Steps that are not counted: code is compiled and memory is found.</summary>
    public const int WarmUp = 3;

    public static int Run(string[] args)
    {
        if (BenchOptions.Parse("train", args) is not { } options)
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
        using var session = new ManagedSession(Spec(options, synthetic));
        PackedBatch[] batches = Batches(options, options.Steps + WarmUp);
        var meter = new StepMeter("train", options);
        StepMeter.WarmUp(() => session.TrainStep(batches[0], 1e-4f));
        for (int i = 0; i < batches.Length; i++)
        {
            if (i == WarmUp - 1)
            {
                meter.CountFlops(() => session.TrainStep(batches[WarmUp - 1], 1e-4f), batches[i].TokenCount);
            }
            else if (i < WarmUp)
            {
                session.TrainStep(batches[i], 1e-4f);
            }
            else
            {
                meter.Step(batches[i].TokenCount, () => session.TrainStep(batches[i], 1e-4f));
            }
        }

        return meter.Result();
    }

    public static SessionSpec Spec(BenchOptions options, SyntheticBase synthetic) => new()
    {
        Base = synthetic.Files,
        Head = new HeadSpec { Outputs = 2, Pooling = options.MeanPooling ? Pooling.Mean : Pooling.FamilyHead },
        Adapter = new AdapterConfig
        {
            Rank = options.Rank,
            Dropout = options.Dropout,
            TargetModules = options.AllTargets ? TargetModules.AllLinear : TargetModules.QueryValue,
        },
        RecomputesActivations = options.Recomputes,
        Threads = options.Threads,
        Seed = 1,
    };

    /// <summary>Batches of random tokens of the wanted lengths, in the order in which those come.</summary>
    public static PackedBatch[] Batches(BenchOptions options, int count)
    {
        int[] lengths = options.Lengths(count * options.Batch);
        var random = new RandomStream(2, "tokens");
        EncodedExample[] examples =
        [
            .. lengths.Select((length, i) => new EncodedExample
            {
                Ids = [.. Enumerable.Range(0, length).Select(t => random.Fork(i).Integer(t, options.Shape.Vocabulary))],
                ClassIndex = i % 2,
            }),
        ];
        return
        [
            .. Enumerable.Range(0, count).Select(step =>
            {
                var batch = new PackedBatch();
                batch.Fill(examples, [.. Enumerable.Range(step * options.Batch, options.Batch)]);
                return batch;
            }),
        ];
    }
}
