using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Optimization;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tests.Support;
using Microsoft.ML.Lora.Training;
using Microsoft.ML.Lora.Training.Resuming;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Training.Resuming;

/// <summary>A run that is cut and resumed, again and again, ends with the bits of one that is not.</summary>
public sealed class ResumedRunTests : IDisposable
{
    private const int Classes = 3;
    private const int Epochs = 3;

    private static readonly EncodedExample[] _examples = [.. Enumerable.Range(0, 26).Select(Example)];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Variants =>
        ["AdamW", "Adam", "Sgd", "Adafactor", "DoRA", "PiSSA", "full fine-tuning", "head alone", "second attempt", "averaged", "pairs"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Variants))]
    public void Ends_with_the_same_bits(string variant)
    {
        TrainingOutcome whole = Run(variant, cutAt: null)!;
        Assert.Equal(variant == "second attempt", whole.DivergedAtStep is not null);

        int runs = 1;
        TrainingOutcome? resumed;
        for (; (resumed = Run(variant, cutAt: CutsAfter(runs))) is null; runs++)
        {
        }

        Assert.InRange(runs, 3, 20);
        AssertSame(whole, resumed);
    }

    private static int CutsAfter(int run) => 2 + (run * 7 % 3);

    private static void AssertSame(TrainingOutcome expected, TrainingOutcome actual)
    {
        Assert.Equal(expected.BestEpoch, actual.BestEpoch);
        Assert.Equal(expected.DivergedAtStep, actual.DivergedAtStep);
        Assert.Equal(expected.History.Select(e => (e.Epoch, e.Loss, e.Validation)),
            actual.History.Select(e => (e.Epoch, e.Loss, e.Validation)));
        Assert.Equal(expected.State.Names, actual.State.Names);
        foreach ((string name, AdapterTensor tensor) in expected.State.Tensors)
        {
            Assert.Equal(tensor.Shape, actual.State[name].Shape);
            Assert.Equal(tensor.Values, actual.State[name].Values);
        }
    }

    /// <summary>A run in a session of its own; null when it was cut after that many steps.</summary>
    private TrainingOutcome? Run(string variant, int? cutAt)
    {
        using var session = new ManagedSession(Spec(variant));
        using var cancellation = new CancellationTokenSource();
        using RunFolder? folder = cutAt is null ? null : RunFolder.Open(_folder.PathOf(variant));
        int steps = 0;
        var loop = new TrainingLoop(session, Plan(variant), Score, progress =>
        {
            if (++steps == cutAt)
            {
                cancellation.Cancel();
            }
        }, cancellation.Token)
        {
            Keeper = folder is null ? null : new RunKeeper(
                folder, new RunIdentity(1, new Dictionary<string, string> { ["variant"] = variant }), 1, TimeSpan.Zero, null),
        };
        try
        {
            return loop.Run(_examples);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private static ValidationScore Score(ITrainingSession session)
    {
        float[] logits = Evaluator.Logits(session, _examples[..9], Classes);
        return new ValidationScore(logits.Sum(), logits[0]);
    }

    private static TrainingPlan Plan(string variant) => new()
    {
        Epochs = Epochs,
        BatchSize = 6,
        LearningRate = variant == "second attempt" ? 2e3f : 0.01f,
        RetryAtLowerRate = variant == "second attempt",
        WarmupFraction = 0.1f,
        AveragedShare = variant is "averaged" or "second attempt" ? 0.6 : 0,
        Patience = 0,
        Seed = 5,
        ReturnBestOnCancel = false,
        PairHead = variant == "pairs" ? new HeadFit(Classes, TinyBase.HiddenSize, ClassWeights: null, Threads: 1) : null,
    };

    private static SessionSpec Spec(string variant) => new()
    {
        Base = BaseModelFiles.FromFolder(TinyBase.Folder),
        FineTuning = variant switch
        {
            "full fine-tuning" => FineTuning.Full,
            "head alone" => FineTuning.HeadOnly,
            _ => FineTuning.Lora,
        },
        Adapter = new AdapterConfig
        {
            Rank = 2,
            Dropout = 0.3f,
            UseDora = variant == "DoRA",
            Initialization = variant == "PiSSA" ? AdapterInitialization.Pissa : AdapterInitialization.Kaiming,
        },
        Head = new HeadSpec { Outputs = Classes, Dropout = 0.1f },
        Optimizer = new OptimizerSpec
        {
            Kind = Enum.TryParse(variant, out OptimizerKind kind) ? kind : OptimizerKind.AdamW,
        },
        Seed = 5,
        Threads = 1,
    };

    private static EncodedExample Example(int i) => new()
    {
        Ids = [.. Enumerable.Range(0, 3 + (i % 5)).Select(token => 5 + (((i * 7) + (token * 3)) % 50))],
        ClassIndex = i % Classes,
    };
}
