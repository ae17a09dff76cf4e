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
/// <remarks>Disposed while others score, it lets them finish: the last of them frees the memory.</remarks>
internal sealed class ManagedScorer : IDisposable
{
    private readonly WeightSource _weights;
    private readonly SequenceModel _model;
    private readonly ThreadTeam _team;
    private readonly Stack<ScoringCrew> _idle = new();
    private int _active;
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

    /// <summary>The outputs of a batch. Safe from several threads at once, and while another disposes.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="logits">Receives [B, outputs], row after row.</param>
    /// <exception cref="ObjectDisposedException">The scorer was disposed before.</exception>
    public void Score(PackedBatch batch, Span<float> logits)
    {
        Enter();
        ScoringCrew? crew = null;
        try
        {
            crew = Take();
            crew.Score(batch, logits);
        }
        finally
        {
            Leave(crew);
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
            if (_active > 0)
            {
                return;
            }
        }

        Free();
    }

    private void Enter()
    {
        lock (_idle)
        {
            if (_disposed)
            {
                Throw.ObjectDisposed_Model();
            }

            _active++;
        }
    }

    private ScoringCrew Take()
    {
        lock (_idle)
        {
            if (_idle.TryPop(out ScoringCrew? crew))
            {
                return crew;
            }
        }

        return new ScoringCrew(
            _model, _team, [.. Enumerable.Range(0, _team.Threads).Select(_ => new ShardWorker(_model))]);
    }

    private void Leave(ScoringCrew? crew)
    {
        lock (_idle)
        {
            if (crew is not null)
            {
                _idle.Push(crew);
            }

            if (--_active > 0 || !_disposed)
            {
                return;
            }
        }

        Free();
    }

    // Nobody scores any more, and nobody begins to.
    private void Free()
    {
        foreach (ScoringCrew crew in _idle)
        {
            crew.Dispose();
        }

        _team.Dispose();
        _model.Dispose();
        _weights.Dispose();
    }
}
