using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Optimization;
using Microsoft.ML.Lora.Optimization.Losses;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Providers;

/// <summary>
/// A model in training on this machine's processors. A batch is cut into shards of whole sequences; each worker takes shards through
/// forward, loss and backward in memory of its own; then the shards' gradients are summed in their order, cut and applied.
/// </summary>
/// <remarks>The cut into shards and every sum's order depend on the batch alone: any number of threads gives the same bits.</remarks>
internal sealed class ManagedSession : ITrainingSession
{
    // Every shard has a gradient of its own, of 3 MB for low-rank updates and of hundreds where everything is trained.
    private const long FloatsForGradients = 1L << 26;
    private const int FewestShards = 4;
    private const int MostShards = 64;

    private readonly ManagedModel _managed;
    private readonly SequenceModel _model;
    private readonly Loss _loss;
    private readonly UpdatePenalty _penalty;
    private readonly Optimizer _optimizer;
    private readonly ThreadTeam _team;
    private readonly ShardWorker[] _workers;
    private readonly ScoringCrew _scoring;
    private readonly PairStep _pairs;
    private readonly ShardPlan _plan = new();
    private readonly GradientSum _gradients;
    private readonly RandomStream _random;
    private readonly int _mostShards;
    private readonly float _maxGradientNorm;
    private readonly Action<int, int> _trainShard;

    private PackedBatch _batch = new();
    private double[] _shardLosses = [];
    private double[] _rowWeights = [];
    private double _totalWeight;
    private int _part;

    /// <summary>Loads the model that is asked for.</summary>
    public ManagedSession(SessionSpec spec)
    {
        _managed = new ManagedModel(spec);
        _model = _managed.Model;
        _loss = Loss.Create(spec.Loss);
        _penalty = new UpdatePenalty(_managed.Adapted, spec.Penalty);
        _optimizer = Optimizer.Create(_model.Parameters, spec.Optimizer);
        _maxGradientNorm = spec.Optimizer.MaxGradientNorm;
        _team = new ThreadTeam(spec.Threads > 0 ? spec.Threads : Environment.ProcessorCount);
        _workers = [.. Enumerable.Range(0, _team.Threads).Select(_ => new ShardWorker(_model))];
        _scoring = new ScoringCrew(_model, _team, _workers);
        _gradients = new GradientSum(_model.Parameters);
        _pairs = new PairStep(_model, _team, _workers, _gradients);
        _random = new RandomStream(spec.Seed, "dropout");
        _mostShards = (int)Math.Clamp(FloatsForGradients / Math.Max(1, _model.Parameters.Length), FewestShards, MostShards);
        _trainShard = TrainShard;
        Facts = new ModelFacts(
            _model.ParameterCount, _model.Parameters.Count, [.. _managed.AdaptedLayers], StartAsUpdate.Plain(spec.Adapter));
    }

    /// <inheritdoc/>
    public ModelFacts Facts { get; }

    /// <inheritdoc/>
    public StepResult TrainStep(ReadOnlySpan<PackedBatch> parts, float learningRate)
    {
        (double loss, double norm) = ForwardBackward(parts);
        int tokens = 0;
        foreach (PackedBatch part in parts)
        {
            tokens += part.TokenCount;
        }

        Update(loss, norm, learningRate);
        return new StepResult(loss, norm, tokens);
    }

    /// <inheritdoc/>
    public StepResult TrainPairs(PackedBatch batch, float learningRate)
    {
        (double loss, double norm) = ForwardBackwardPairs(batch);
        Update(loss, norm, learningRate);
        return new StepResult(loss, norm, batch.TokenCount);
    }

    /// <summary>A step on one batch.</summary>
    public StepResult TrainStep(PackedBatch batch, float learningRate) => TrainStep(new ReadOnlySpan<PackedBatch>(in batch), learningRate);

    /// <summary>A batch's mean loss and its gradient, before any cut; nothing is updated.</summary>
    public (double Loss, AdapterState Gradient) Differentiate(PackedBatch batch)
    {
        (double loss, _) = ForwardBackward(new ReadOnlySpan<PackedBatch>(in batch));
        return (loss, AdapterState.From(_model.Parameters, _gradients.Total));
    }

    /// <summary>A batch's loss over pairs and its gradient, before any cut; nothing is updated.</summary>
    public (double Loss, AdapterState Gradient) DifferentiatePairs(PackedBatch batch)
    {
        (double loss, _) = ForwardBackwardPairs(batch);
        return (loss, AdapterState.From(_model.Parameters, _gradients.Total));
    }

    /// <inheritdoc/>
    public void Score(PackedBatch batch, Span<float> logits) => _scoring.Score(batch, logits);

    /// <inheritdoc/>
    public void ReadFeatures(PackedBatch batch, Span<float> features) => _scoring.ReadFeatures(batch, features);

    /// <inheritdoc/>
    public void StartHead(ReadOnlySpan<float> weight, ReadOnlySpan<float> bias) => _model.Head.Start(weight, bias);

    /// <inheritdoc/>
    public void AverageWeights() => _optimizer.AverageWeights();

    /// <inheritdoc/>
    public void TakeAverage()
    {
        _optimizer.TakeAverage();
        _model.Refresh();
    }

    /// <inheritdoc/>
    public AdapterState Export() => _managed.Export();

    /// <inheritdoc/>
    public void Import(AdapterState state) => _managed.Import(state);

    /// <inheritdoc/>
    public SessionState Save() => new(
        _model.Parameters.All.ToDictionary(parameter => parameter.Name, parameter => parameter.Value.Span.ToArray()),
        _optimizer.Save());

    /// <inheritdoc/>
    public void Restore(SessionState state)
    {
        var parameters = new AdapterState();
        foreach (Parameter parameter in _model.Parameters.All)
        {
            if (!state.Parameters.TryGetValue(parameter.Name, out float[]? values) || values.Length != parameter.Count)
            {
                Throw.InvalidData_SessionState(parameter.Name);
            }

            parameters[parameter.Name] = new AdapterTensor(parameter.Shape, values);
        }

        _optimizer.Restore(state.Optimizer);
        parameters.CopyTo(_model.Parameters);
        _model.Refresh();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _scoring.Dispose();
        _pairs.Dispose();
        _team.Dispose();
        _gradients.Dispose();
        _optimizer.Dispose();
        _managed.Dispose();
    }

    private void Update(double loss, double norm, float learningRate)
    {
        if (double.IsFinite(loss) && double.IsFinite(norm))
        {
            float scale = _maxGradientNorm > 0 && norm > _maxGradientNorm ? (float)(_maxGradientNorm / norm) : 1;
            _optimizer.Step(_gradients.Total, scale, learningRate);
            _model.Refresh();
        }
    }

    private (double Loss, double Norm) ForwardBackwardPairs(PackedBatch batch)
    {
        Plan(batch);
        _gradients.Reserve(_plan.Count);
        if (_rowWeights.Length < batch.Count)
        {
            _rowWeights = new double[batch.Count];
        }

        for (int i = 0; i < batch.Count; i++)
        {
            _rowWeights[i] = Weight(batch, i);
        }

        double loss = _pairs.ForwardBackward(
            batch, _plan, _rowWeights.AsSpan(0, batch.Count), _random.Fork(_optimizer.Steps));
        loss += _penalty.AddGradient(_gradients.Shard(0));
        return (loss, _gradients.Sum(_team));
    }

    private (double Loss, double Norm) ForwardBackward(ReadOnlySpan<PackedBatch> parts)
    {
        _totalWeight = 0;
        foreach (PackedBatch part in parts)
        {
            _totalWeight += TotalWeight(part);
        }

        double loss = 0;
        double norm = 0;
        for (_part = 0; _part < parts.Length; _part++)
        {
            Plan(parts[_part]);
            _gradients.Reserve(_plan.Count);
            if (_plan.Count == 1)
            {
                TrainShard(0, 0);
            }
            else
            {
                _team.Run(_plan.Count, _trainShard);
            }

            loss += _part == 0 ? _penalty.AddGradient(_gradients.Shard(0)) : 0;
            foreach (double shardLoss in _shardLosses.AsSpan(0, _plan.Count))
            {
                loss += shardLoss;
            }

            norm = _gradients.Sum(_team);
        }

        return (loss, norm);
    }

    private void Plan(PackedBatch batch)
    {
        _batch = batch;
        _plan.Fill(batch.Offsets.AsSpan(0, batch.Count + 1), _mostShards);
        if (_shardLosses.Length < _plan.Count)
        {
            _shardLosses = new double[_plan.Count];
        }
    }

    private double TotalWeight(PackedBatch batch)
    {
        double weight = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            weight += Weight(batch, i);
        }

        return weight;
    }

    // A single shard is worked on by all threads together, several by one thread each.
    private void TrainShard(int shard, int worker)
    {
        ShardWorker w = _workers[worker];
        ReadOnlySpan<int> members = _plan.Members(shard);
        w.Load(_batch, members, _plan.Count == 1 ? _team : ThreadTeam.Single);

        // The first shard of a further part of one step is added to the sum so far.
        if (shard > 0 || _part == 0)
        {
            _gradients.Shard(shard).Span.Clear();
        }

        w.Pass.Train(_gradients.Shard(shard), _random.Fork(_optimizer.Steps).Fork((_part * MostShards) + shard));

        Matrix outputs = _model.Forward(w.Pass, w.Memo);
        Matrix gradOutputs = w.Pass.Workspace.Rent(outputs.Rows, outputs.Columns);
        _shardLosses[shard] = LossAndGradient(members, outputs, gradOutputs);
        _model.Backward(w.Pass, w.Memo, gradOutputs);
    }

    /// <summary>The shard's part of the batch's weighted mean loss, and its gradient.</summary>
    private double LossAndGradient(ReadOnlySpan<int> members, Matrix outputs, Matrix gradOutputs)
    {
        double loss = 0;
        for (int i = 0; i < members.Length; i++)
        {
            double share = Weight(_batch, members[i]) / _totalWeight;
            loss += share * _loss.Evaluate(outputs[i], TargetOf(_batch, members[i]), (float)share, gradOutputs[i]);
        }

        return loss;
    }

    private double Weight(PackedBatch batch, int example) =>
        (double)batch.Weights[example] * _loss.Weight(TargetOf(batch, example));

    private static Target TargetOf(PackedBatch batch, int example) =>
        new(batch.ClassTargets[example], batch.RealTargets[example], batch.Examples[example]?.Labels);
}
