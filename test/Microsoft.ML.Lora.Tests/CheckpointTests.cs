using System.Runtime.InteropServices;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>CheckpointFolder as a user meets it: a killed process, a finished run, other rows.</summary>
public sealed class CheckpointTests : IDisposable
{
    private readonly MLContext _context = new(seed: 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_killed_process_is_gone_on_with_to_the_same_bits()
    {
        using LoraTransformer whole = Toy.Train(_context, ChildProgram.CheckpointedOptions(TinyBase.Folder, null));
        foreach (int step in new[] { 3, 5, 8 })
        {
            ChildProcess.RunKilled("train-until", TinyBase.Folder, _folder.Path, $"{step}");
        }
        using LoraTransformer resumed =
            Toy.Train(_context, ChildProgram.CheckpointedOptions(TinyBase.Folder, _folder.Path));

        AssertSameTensors(whole, resumed);
        Assert.Equal(whole.Model.History.Select(e => e with { Seconds = 0 }),
            resumed.Model.History.Select(e => e with { Seconds = 0 }));
    }

    [Fact]
    public void A_finished_run_gives_its_model_at_once()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 2);
        options.CheckpointFolder = _folder.Path;
        using LoraTransformer first = Toy.Train(_context, options);
        int reports = 0;
        options.Progress = new Progress<LoraTrainingProgress>(_ => Interlocked.Increment(ref reports));
        using LoraTransformer again = Toy.Train(_context, options);

        Assert.Equal(0, reports);
        AssertSameTensors(first, again);
        Assert.Equal(first.Model.History, again.Model.History);
    }

    [Fact]
    public void A_cancelled_run_with_ranks_of_its_own_goes_on_to_the_same_bits()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 3);
        options.Rank = LoraRank.Auto;
        options.Optimizer = LoraOptimizer.Adafactor;
        options.ValidationSet = Toy.View(_context, 24);
        using LoraTransformer whole = Toy.Train(_context, options);
        options.CheckpointFolder = _folder.Path;
        using var cancellation = new CancellationTokenSource();
        options.CancellationToken = cancellation.Token;
        options.Progress = new Canceller(cancellation, step: 11);
        Assert.Throws<OperationCanceledException>(() => Toy.Train(_context, options));
        options.CancellationToken = default;
        options.Progress = null;
        using LoraTransformer resumed = Toy.Train(_context, options);
        AssertSameTensors(whole, resumed);
    }

    [Fact]
    public void Without_a_seed_the_kept_run_gives_it()
    {
        var context = new MLContext();
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.Seed = null;
        options.CheckpointFolder = _folder.Path;
        using LoraTransformer first = Toy.Train(context, options);
        using LoraTransformer again = Toy.Train(context, options);
        Assert.Equal(first.Model.Seed, again.Model.Seed);
    }

    [Fact]
    public void Other_rows_or_options_are_refused()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.CheckpointFolder = _folder.Path;
        Toy.Train(_context, options).Dispose();
        LoraTextClassificationTrainer trainer = _context.MulticlassClassification.Trainers.Lora(options);
        Assert.Contains("the training rows differ",
            Assert.ThrowsAny<InvalidOperationException>(() => trainer.Fit(Toy.View(_context, 57))).Message);
        options.Rank = 4;
        Assert.Contains("Rank is 4 here and 8 there",
            Assert.ThrowsAny<InvalidOperationException>(() => Toy.Train(_context, options)).Message);
    }

    [Fact]
    public void Threads_and_progress_may_differ()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.CheckpointFolder = _folder.Path;
        using LoraTransformer first = Toy.Train(_context, options);
        options.NumberOfThreads = 2;
        options.CheckpointSteps = 3;
        using LoraTransformer again = Toy.Train(_context, options);
        AssertSameTensors(first, again);
    }

    private sealed class Canceller(CancellationTokenSource cancellation, int step) : IProgress<LoraTrainingProgress>
    {
        public void Report(LoraTrainingProgress value)
        {
            if (value.Step == step)
            {
                cancellation.Cancel();
            }
        }
    }

    private static void AssertSameTensors(LoraTransformer expected, LoraTransformer actual)
    {
        Assert.Equal(expected.Model.BestEpoch, actual.Model.BestEpoch);
        foreach ((string name, AdapterTensor tensor) in expected.Model.Contents.Adapter.Tensors)
        {
            Assert.Equal(MemoryMarshal.AsBytes<float>(tensor.Values).ToArray(),
                MemoryMarshal.AsBytes<float>(actual.Model.Contents.Adapter[name].Values).ToArray());
        }
    }
}
