using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Optimization;
using Microsoft.ML.Lora.Providers;

namespace Microsoft.ML.Lora.Training.Resuming;

/// <summary>All of a checkpoint that is no tensor, as its JSON text has it.</summary>
internal sealed record RunText
{
    public required int Seed { get; init; }

    public required IReadOnlyDictionary<string, string> Facts { get; init; }

    public required int OptimizerSteps { get; init; }

    public required int Attempt { get; init; }

    public required int? DivergedAtStep { get; init; }

    public required int Epoch { get; init; }

    public required int Batch { get; init; }

    public required int Step { get; init; }

    public required double LossSum { get; init; }

    public required long Seen { get; init; }

    public required double Seconds { get; init; }

    public required List<EpochRecord> History { get; init; }

    public required int BestEpoch { get; init; }

    public required ValidationScore? BestScore { get; init; }

    public static RunText Of(RunCheckpoint checkpoint)
    {
        TrainingPosition at = checkpoint.Position;
        return new RunText
        {
            Seed = checkpoint.Run.Seed,
            Facts = checkpoint.Run.Facts,
            OptimizerSteps = checkpoint.Session.Optimizer.Steps,
            Attempt = at.Attempt,
            DivergedAtStep = at.DivergedAtStep,
            Epoch = at.Epoch,
            Batch = at.Batch,
            Step = at.Step,
            LossSum = at.LossSum,
            Seen = at.Seen,
            Seconds = at.Seconds,
            History = at.History,
            BestEpoch = at.Best.Epoch,
            BestScore = at.Best.Score,
        };
    }

    public RunCheckpoint ToCheckpoint(IReadOnlyDictionary<string, float[]> parameters,
        IReadOnlyDictionary<string, Array> optimizer, AdapterState? best) => new(
        new RunIdentity(Seed, Facts),
        new TrainingPosition
        {
            Attempt = Attempt,
            DivergedAtStep = DivergedAtStep,
            Epoch = Epoch,
            Batch = Batch,
            Step = Step,
            LossSum = LossSum,
            Seen = Seen,
            Seconds = Seconds,
            History = History,
            Best = new BestEpoch(BestEpoch, History.Count, BestScore, best),
        },
        new SessionState(parameters, new OptimizerState(OptimizerSteps, optimizer)));
}
