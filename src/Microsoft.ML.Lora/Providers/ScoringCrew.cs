using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Providers;

/// <summary>What it takes to score one batch at a time: workers, a plan, memory for the outputs.</summary>
internal sealed class ScoringCrew : IDisposable
{
    private readonly SequenceModel _model;
    private readonly ThreadTeam _team;
    private readonly ShardWorker[] _workers;
    private readonly ShardPlan _plan = new();
    private readonly Action<int, int> _scoreShard;
    private AlignedBuffer _rows = new(0);
    private PackedBatch _batch = new();
    private bool _features;

    /// <summary>A crew with these workers, one for each thread of the team.</summary>
    public ScoringCrew(SequenceModel model, ThreadTeam team, ShardWorker[] workers)
    {
        _model = model;
        _team = team;
        _workers = workers;
        _scoreShard = ScoreShard;
    }

    /// <summary>The outputs of a batch, row after row.</summary>
    public void Score(PackedBatch batch, Span<float> logits) => Run(batch, features: false, logits);

    /// <summary>What the output layer of the head reads of a batch, row after row.</summary>
    public void ReadFeatures(PackedBatch batch, Span<float> features) => Run(batch, features: true, features);

    private int Width => _features ? _model.Head.Width : _model.Head.Outputs;

    private void Run(PackedBatch batch, bool features, Span<float> rows)
    {
        _features = features;
        int length = batch.Count * Width;
        ArgumentOutOfRangeException.ThrowIfLessThan(rows.Length, length, nameof(rows));
        if (batch.Count == 0)
        {
            return;
        }

        if (_rows.Length < length)
        {
            _rows.Dispose();
            _rows = new AlignedBuffer(length);
        }

        _batch = batch;
        _plan.Fill(batch.Offsets.AsSpan(0, batch.Count + 1));
        if (_plan.Count == 1)
        {
            ScoreShard(0, 0);
        }
        else
        {
            _team.Run(_plan.Count, _scoreShard);
        }

        _rows.Span[..length].CopyTo(rows);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(_workers, worker => worker.Dispose());
        _rows.Dispose();
    }

    // A single shard is worked on by all threads together, several by one thread each.
    private void ScoreShard(int shard, int worker)
    {
        ThreadTeam team = _plan.Count == 1 ? _team : ThreadTeam.Single;
        _workers[worker].Score(_batch, _plan.Members(shard), team, _features, _rows.AsMatrix(_batch.Count, Width));
    }
}
