using System.Diagnostics;
using Microsoft.ML.Lora.Providers;

namespace Microsoft.ML.Lora.Training.Resuming;

/// <summary>Keeps a run so that it can be resumed: at the end of every epoch, and in between as often as asked.</summary>
/// <param name="folder">Where checkpoints lie.</param>
/// <param name="run">Which run it is.</param>
/// <param name="everySteps">Steps between two checkpoints inside an epoch; 0 for none by steps.</param>
/// <param name="interval">Time between two checkpoints inside an epoch; zero for none by time.</param>
/// <param name="tell">Told of what is resumed, and whether it is a warning.</param>
internal sealed class RunKeeper(
    RunFolder folder, RunIdentity run, int everySteps, TimeSpan interval, Action<string, bool>? tell)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    /// <summary>Puts a session where the kept run was left; null when there is none.</summary>
    public TrainingPosition? Resume(ITrainingSession session)
    {
        RunCheckpoint? checkpoint = folder.Load(run, message => tell?.Invoke(message, true));
        if (checkpoint is null)
        {
            return null;
        }
        session.Restore(checkpoint.Session);
        TrainingPosition at = checkpoint.Position;
        tell?.Invoke($"Resuming after step {at.Step}, {at.History.Count} epochs done.", false);
        return at;
    }

    /// <summary>Keeps the run if it is time to.</summary>
    public void StepDone(TrainingPosition at, ITrainingSession session)
    {
        if ((everySteps > 0 && at.Step % everySteps == 0) || (interval > TimeSpan.Zero && _watch.Elapsed >= interval))
        {
            Keep(at, session);
        }
    }

    /// <summary>Keeps the run.</summary>
    public void Keep(TrainingPosition at, ITrainingSession session)
    {
        folder.Save(new RunCheckpoint(run, at, session.Save()));
        _watch.Restart();
    }
}
