using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Providers;

namespace Microsoft.ML.Lora.Training;

/// <summary>What steps make small: which examples they take, and what the session makes of them.</summary>
internal abstract class TrainingObjective
{
    /// <summary>The objective of a plan.</summary>
    public static TrainingObjective Of(ITrainingSession session, TrainingPlan plan, IReadOnlyList<EncodedExample> examples) =>
        plan.PairHead is { } head
            ? new PairObjective(session, plan, examples, head)
            : new OutputObjective(session, plan, examples);

    /// <summary>The steps of an epoch, as indices of examples.</summary>
    public abstract IReadOnlyList<int[]> Epoch(int epoch);

    /// <summary>Takes a step.</summary>
    public abstract StepResult Step(ReadOnlySpan<int> indices, float rate);

    /// <summary>Gives the model what steps have left open, so that it can be scored.</summary>
    public virtual void Complete()
    {
    }

    /// <summary>The tensors of an epoch that was not completed, completed.</summary>
    public virtual AdapterState Completed(AdapterState state) => state;
}

/// <summary>The loss of the head's outputs.</summary>
internal sealed class OutputObjective(ITrainingSession session, TrainingPlan plan, IReadOnlyList<EncodedExample> examples)
    : TrainingObjective
{
    private readonly StepParts _parts = new(plan.BatchSize);

    /// <inheritdoc/>
    public override IReadOnlyList<int[]> Epoch(int epoch) =>
        BatchPlanner.Epoch(examples.Count, plan.StepSize, (uint)plan.Seed, epoch);

    /// <inheritdoc/>
    public override StepResult Step(ReadOnlySpan<int> indices, float rate) =>
        session.TrainStep(_parts.Fill(examples, indices), rate);
}

/// <summary>
/// The loss over pairs of rows, which shapes what the head reads; then the head by logistic regression on that (SetFit, Tunstall et al.
/// 2022). Of few rows there are many pairs, and no output layer has to be found by steps.
/// </summary>
internal sealed class PairObjective(
    ITrainingSession session, TrainingPlan plan, IReadOnlyList<EncodedExample> examples, HeadFit head) : TrainingObjective
{
    private readonly PackedBatch _batch = new();

    /// <inheritdoc/>
    public override IReadOnlyList<int[]> Epoch(int epoch) =>
        PairPlanner.Epoch(examples, plan.StepSize, (uint)plan.Seed, epoch);

    /// <inheritdoc/>
    public override StepResult Step(ReadOnlySpan<int> indices, float rate)
    {
        _batch.Fill(examples, indices);
        return session.TrainPairs(_batch, rate);
    }

    /// <inheritdoc/>
    public override void Complete() => LinearProbe.StartHead(session, examples, head);

    /// <inheritdoc/>
    public override AdapterState Completed(AdapterState state)
    {
        session.Import(state);
        Complete();
        return session.Export();
    }
}
