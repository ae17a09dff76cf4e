using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Providers;

/// <summary>
/// A trained model that only scores: its updates are merged into the weights, so it costs what the base costs. Any number of
/// threads may score at once, and a row's outputs do not depend on the rows beside it.
/// </summary>
internal sealed class ManagedScorer : IDisposable
{
    private readonly WeightSource _weights;
    private readonly SequenceModel _model;
    private readonly ThreadTeam _team;
    private readonly Stack<ScoringCrew> _idle = new();
    private bool _disposed;

    /// <summary>Loads the base and merges what was trained.</summary>
    /// <param name="files">The base model.</param>
    /// <param name="state">Every trained tensor.</param>
    /// <param name="config">How the adapters were trained.</param>
    /// <param name="head">The head that was trained.</param>
    /// <param name="threads">Threads to compute with; 0 for one per processor.</param>
    /// <exception cref="ArgumentException">A trained tensor does not fit the base.</exception>
    public ManagedScorer(BaseModelFiles files, AdapterState state, AdapterConfig config, HeadSpec head, int threads = 0)
    {
        _team = new ThreadTeam(threads > 0 ? threads : Environment.ProcessorCount);
        _weights = new OverlaidWeights(files.OpenWeights(), state);
        try
        {
            _model = new SequenceModel(
                _weights, EncoderConfig.Read(files.ReadConfig()), head, trainHeadDense: false, new RandomStream(0, "unused"));
            AdapterMerger.Merge(_model.Slots, config, state);
            _model.Prepare(training: false);
        }
        catch
        {
            _model?.Dispose();
            _weights.Dispose();
            _team.Dispose();
            throw;
        }
    }

    /// <summary>Number of outputs of a row.</summary>
    public int Outputs => _model.Head.Outputs;

    /// <summary>The longest sequence the model takes.</summary>
    public int MaxTokens => _model.Encoder.Config.MaxTokens;

    /// <summary>The outputs of a batch. Safe from several threads at once.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="logits">Receives [B, outputs], row after row.</param>
    public void Score(PackedBatch batch, Span<float> logits)
    {
        ScoringCrew crew = Take();
        try
        {
            crew.Score(batch, logits);
        }
        finally
        {
            GiveBack(crew);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_idle)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            foreach (ScoringCrew crew in _idle)
            {
                crew.Dispose();
            }
        }

        _team.Dispose();
        _model.Dispose();
        _weights.Dispose();
    }

    private ScoringCrew Take()
    {
        lock (_idle)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_idle.TryPop(out ScoringCrew? crew))
            {
                return crew;
            }
        }

        return new ScoringCrew(
            _model, _team, [.. Enumerable.Range(0, _team.Threads).Select(_ => new ShardWorker(_model))]);
    }

    private void GiveBack(ScoringCrew crew)
    {
        lock (_idle)
        {
            if (_disposed)
            {
                crew.Dispose();
            }
            else
            {
                _idle.Push(crew);
            }
        }
    }
}
