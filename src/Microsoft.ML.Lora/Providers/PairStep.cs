using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Optimization.Losses;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Providers;

/// <summary>
/// Forward and backward under a loss that ties the rows of a batch together. Shards give their features first; when the loss has said
/// which way each is to go, they go forward once more, with the same dropout, and backward: one shard's activations a worker are all
/// that is held, whatever the batch (Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup").
/// </summary>
internal sealed class PairStep : IDisposable
{
    private readonly SequenceModel _model;
    private readonly ThreadTeam _team;
    private readonly ShardWorker[] _workers;
    private readonly GradientSum _gradients;
    private readonly PairLoss _loss = new();
    private readonly Action<int, int> _readShard;
    private readonly Action<int, int> _trainShard;
    private AlignedBuffer _rows = new(0);
    private Matrix _features;
    private Matrix _gradFeatures;
    private PackedBatch _batch = new();
    private ShardPlan _plan = new();
    private RandomStream _random;

    /// <summary>Steps of a model by these workers, one for each thread of the team.</summary>
    public PairStep(SequenceModel model, ThreadTeam team, ShardWorker[] workers, GradientSum gradients)
    {
        _model = model;
        _team = team;
        _workers = workers;
        _gradients = gradients;
        _readShard = ReadShard;
        _trainShard = TrainShard;
    }

    /// <summary>A batch's loss; its gradient goes to the shards' buffers.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="plan">Its cut into shards.</param>
    /// <param name="weights">The rows' weights [B].</param>
    /// <param name="random">The step's dropout.</param>
    public double ForwardBackward(PackedBatch batch, ShardPlan plan, ReadOnlySpan<double> weights, RandomStream random)
    {
        (_batch, _plan, _random) = (batch, plan, random);
        int width = _model.Head.Width;
        long length = (long)batch.Count * width;
        if (_rows.Length < 2 * length)
        {
            _rows.Dispose();
            _rows = new AlignedBuffer(2 * length);
        }

        _features = _rows.AsMatrix(batch.Count, width);
        _gradFeatures = _rows.AsMatrix(batch.Count, width, length);
        Run(_readShard);
        double loss = _loss.Evaluate(_features, batch.ClassTargets.AsSpan(0, batch.Count), weights, _gradFeatures);
        Run(_trainShard);
        return loss;
    }

    /// <inheritdoc/>
    public void Dispose() => _rows.Dispose();

    // A single shard is worked on by all threads together, several by one thread each.
    private void Run(Action<int, int> shard)
    {
        if (_plan.Count == 1)
        {
            shard(0, 0);
        }
        else
        {
            _team.Run(_plan.Count, shard);
        }
    }

    private Matrix Forward(int shard, ShardWorker worker)
    {
        worker.Load(_batch, _plan.Members(shard), _plan.Count == 1 ? _team : ThreadTeam.Single);
        worker.Pass.Train(_gradients.Shard(shard), _random.Fork(shard));
        return _model.ReadFeatures(worker.Pass, worker.Memo);
    }

    private void ReadShard(int shard, int worker)
    {
        Matrix features = Forward(shard, _workers[worker]);
        ReadOnlySpan<int> members = _plan.Members(shard);
        for (int i = 0; i < members.Length; i++)
        {
            features[i].CopyTo(_features[members[i]]);
        }
    }

    private void TrainShard(int shard, int worker)
    {
        ShardWorker w = _workers[worker];
        _gradients.Shard(shard).Span.Clear();
        Matrix features = Forward(shard, w);
        Matrix gradFeatures = w.Pass.Workspace.Rent(features.Rows, features.Columns);
        ReadOnlySpan<int> members = _plan.Members(shard);
        for (int i = 0; i < members.Length; i++)
        {
            _gradFeatures[members[i]].CopyTo(gradFeatures[i]);
        }

        _model.BackwardFeatures(w.Pass, w.Memo, gradFeatures);
    }
}
