using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Optimization;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tests.Support;
using Microsoft.ML.Lora.Training;
using Microsoft.ML.Lora.Training.Resuming;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Training.Resuming;

/// <summary>A folder of checkpoints: what comes back, what is passed over, and what is refused.</summary>
public sealed class RunFolderTests : IDisposable
{
    private static readonly RunIdentity _run =
        new(7, new Dictionary<string, string> { ["Epochs"] = "5", ["training rows"] = new string('a', 64) });

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_empty_folder_has_nothing()
    {
        Assert.Null(Load());
        Assert.Null(RunFolder.SeedIn(_folder.Path));
        Assert.Null(RunFolder.SeedIn(_folder.PathOf("missing")));
    }

    [Fact]
    public void What_is_saved_comes_back_bit_for_bit()
    {
        RunCheckpoint saved = Checkpoint(step: 12);
        Save(saved);
        RunCheckpoint loaded = Load()!;

        Assert.Equal(7, RunFolder.SeedIn(_folder.Path));
        Assert.Empty(loaded.Run.DifferencesFrom(_run));
        Assert.Equal(saved.Session.Parameters["a"], loaded.Session.Parameters["a"]);
        Assert.Equal(12, loaded.Session.Optimizer.Steps);
        Assert.Equal(saved.Session.Optimizer.Arrays["m/a"], loaded.Session.Optimizer.Arrays["m/a"]);
        Assert.Equal(new[] { 1 / 3.0, double.Epsilon }, loaded.Session.Optimizer.Arrays["rows/a"]);
        TrainingPosition before = saved.Position, after = loaded.Position;
        Assert.Equal(
            (before.Attempt, before.DivergedAtStep, before.Epoch, before.Batch, before.Step, before.LossSum, before.Seen),
            (after.Attempt, after.DivergedAtStep, after.Epoch, after.Batch, after.Step, after.LossSum, after.Seen));
        Assert.Equal(before.History, after.History);
        Assert.Equal((before.Best.Epoch, before.Best.Score), (after.Best.Epoch, after.Best.Score));
        Assert.Equal([2, 1], after.Best.State!["a"].Shape);
        Assert.Equal(before.Best.State!["a"].Values, after.Best.State["a"].Values);
    }

    [Fact]
    public void The_two_newest_stay()
    {
        Save(Checkpoint(1), Checkpoint(2), Checkpoint(3));
        Assert.Equal(["checkpoint-000002.safetensors", "checkpoint-000003.safetensors"],
            Files().Select(Path.GetFileName));
        Assert.Equal(3, Load()!.Position.Step);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(200)]
    [InlineData(-1)]
    public void A_cut_file_is_passed_over_with_a_warning(int length)
    {
        Save(Checkpoint(1), Checkpoint(2));
        byte[] bytes = File.ReadAllBytes(Files()[1]);
        File.WriteAllBytes(Files()[1], bytes[..(length < 0 ? bytes.Length + length : length)]);

        Assert.Equal(1, Load()!.Position.Step);
        Assert.Contains("checkpoint-000002.safetensors", Assert.Single(_warnings));
    }

    [Fact]
    public void Any_altered_byte_is_found_out()
    {
        Save(Checkpoint(1));
        byte[] bytes = File.ReadAllBytes(Files()[0]);
        for (int i = 0; i < bytes.Length; i += 3)
        {
            byte[] altered = [.. bytes];
            altered[i] ^= 0x10;
            File.WriteAllBytes(Files()[0], altered);
            Assert.ThrowsAny<InvalidDataException>(Load);
        }
    }

    [Fact]
    public void When_none_can_be_read_the_error_says_what_to_do()
    {
        Save(Checkpoint(1), Checkpoint(2));
        Files().ForEach(file => File.WriteAllText(file, "no checkpoint"));
        string message = Assert.Throws<InvalidDataException>(Load).Message;
        Assert.Contains(_folder.Path, message);
        Assert.Contains("Delete them to train from the start", message);
    }

    [Fact]
    public void Another_run_is_refused_with_what_differs()
    {
        Save(Checkpoint(1));
        var other = new RunIdentity(8, new Dictionary<string, string> { ["Epochs"] = "3", ["training rows"] = new('b', 64) });
        using RunFolder folder = RunFolder.Open(_folder.Path);
        string message = Assert.ThrowsAny<InvalidOperationException>(() => folder.Load(other, null)).Message;
        Assert.Contains("Seed is 8 here and 7 there; Epochs is 3 here and 5 there; the training rows differ", message);
    }

    [Fact]
    public void A_second_run_at_the_same_time_is_refused()
    {
        using (RunFolder.Open(_folder.Path))
        {
            Assert.Contains("in use", Assert.ThrowsAny<InvalidOperationException>(() => RunFolder.Open(_folder.Path)).Message);
        }
        RunFolder.Open(_folder.Path).Dispose();
    }

    [Fact]
    public void What_a_killed_writer_left_is_removed()
    {
        string left = _folder.PathOf("checkpoint-000004.safetensors.1f.tmp");
        File.WriteAllText(left, "half");
        RunFolder.Open(_folder.Path).Dispose();
        Assert.False(File.Exists(left));
    }

    private List<string> Files() => [.. Directory.EnumerateFiles(_folder.Path, "checkpoint-*").Order()];

    private void Save(params RunCheckpoint[] checkpoints)
    {
        using RunFolder folder = RunFolder.Open(_folder.Path);
        Array.ForEach(checkpoints, folder.Save);
    }

    private RunCheckpoint? Load()
    {
        using RunFolder folder = RunFolder.Open(_folder.Path);
        return folder.Load(_run, _warnings.Add);
    }

    private static RunCheckpoint Checkpoint(int step)
    {
        var best = new AdapterState();
        best["a"] = new AdapterTensor([2, 1], [0.1f, -0f]);
        var score = new ValidationScore(double.NaN, 0.1 + 0.2) { Accuracy = 0.25, OnlyPrediction = 2 };
        return new RunCheckpoint(
            _run,
            new TrainingPosition
            {
                Attempt = 2,
                DivergedAtStep = 9,
                Epoch = 2,
                Batch = 4,
                Step = step,
                LossSum = 1 / 7.0,
                Seen = 31,
                Seconds = 1.5,
                History = [new EpochRecord(1, 0.7, score, 2.5)],
                Best = new BestEpoch(1, 1, score, best),
            },
            new SessionState(
                new Dictionary<string, float[]> { ["a"] = [float.Epsilon, float.NaN] },
                new OptimizerState(12, new Dictionary<string, Array>
                {
                    ["m/a"] = new[] { 1f, 2f },
                    ["rows/a"] = new[] { 1 / 3.0, double.Epsilon },
                })));
    }
}
