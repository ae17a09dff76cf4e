using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Models.Deberta;
using Microsoft.ML.Lora.Models.ModernBert;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Models;

/// <summary>What an encoder keeps of one pass; a worker owns one and uses it again and again.</summary>
internal sealed class EncoderMemo(Encoder encoder)
{
    public EmbeddingsMemo Embeddings { get; } = new();

    public DropoutMask EmbeddingDropout { get; set; }

    public LayerMemo[] Layers { get; } = [.. encoder.Layers.Select(layer => layer.CreateMemo())];

    /// <summary>Where activations are computed again: what went into each layer and what came out.</summary>
    public (Matrix Input, Matrix Output)[] Ends { get; } = new (Matrix, Matrix)[encoder.Layers.Count];

    /// <summary>The gradient between layers [T, C], and the place behind all that stays until the last layer's backward pass.</summary>
    public (Matrix Grad, Workspace.Position Mark) BelowLast { get; set; }

    public Matrix LastSum { get; set; }

    public Matrix LastStatistics { get; set; }
}

/// <summary>A pretrained encoder: embeddings, then layers. It publishes its linear layers as slots and knows nothing of adapters.</summary>
internal sealed class Encoder : IDisposable
{
    private readonly Embeddings _embeddings;
    private readonly EncoderLayer[] _layers;
    private readonly RelativePositionBias? _relativeBias;
    private readonly RotaryTables? _rotary;
    private readonly DistanceTable? _distances;
    private readonly NormLayer? _finalNorm;
    private readonly FrozenPrefix _ownPrefix = new();
    private FrozenPrefix? _prefix;
    private int _lowestTrained;

    /// <summary>Looks up every tensor of the encoder; nothing is packed yet.</summary>
    public Encoder(WeightReader reader, EncoderConfig config)
    {
        Config = config;
        ModelFamily family = config.Family;
        _embeddings = new Embeddings(reader, config);
        if (family.RelativeBias is not null)
        {
            string path = family.Prefix + family.RelativeBias + ".weight";
            _relativeBias = new RelativePositionBias(
                path, reader.Tensor(path, config.RelativeBuckets, config.NumAttentionHeads), config.MaxTokens);
        }

        if (config.ModernBert is not null)
        {
            _rotary = new RotaryTables(config, config.ModernBert);
        }

        if (config.Deberta is not null)
        {
            _distances = new DistanceTable(reader, config, config.Deberta);
        }

        _layers = [.. Enumerable.Range(0, config.NumHiddenLayers).Select(index => CreateLayer(reader, index))];
        _finalNorm = family.FinalNorm is null
            ? null
            : reader.Norm(family.Prefix + family.FinalNorm, config.HiddenSize, config.LayerNormEps, config.HasNormBias);
        Slots = [.. _layers.SelectMany(layer => layer.Slots)];
    }

    /// <summary>Sizes and names.</summary>
    public EncoderConfig Config { get; }

    /// <summary>The linear layers of all encoder layers, from below.</summary>
    public IReadOnlyList<LinearSlot> Slots { get; }

    /// <summary>The layers, from below.</summary>
    public IReadOnlyList<EncoderLayer> Layers => _layers;

    /// <summary>The embeddings.</summary>
    public Embeddings Embeddings => _embeddings;

    /// <summary>All layer norms, from below.</summary>
    public IEnumerable<NormLayer> Norms =>
    [
        _embeddings.Norm, .. _layers.SelectMany(layer => layer.Norms),
        .. new[] { _finalNorm, _distances?.Norm }.OfType<NormLayer>(),
    ];

    /// <summary>
    /// Whether a training pass keeps what goes into each layer alone: all but the last are computed again when their backward pass
    /// comes, with the same dropout and so to the same bits.
    /// </summary>
    public bool RecomputesActivations { get; set; }

    /// <summary>Whether anything in it is trained.</summary>
    public bool IsTrained => _lowestTrained < _layers.Length || (_finalNorm?.IsTrained ?? false);

    /// <summary>Number of its numbers that are not trained.</summary>
    public long FrozenCount =>
        _embeddings.Tables.Sum(table => table.FrozenCount) + (_embeddings.Projection?.Layer.FrozenCount ?? 0) +
        Slots.Sum(slot => slot.Layer.FrozenCount) + Norms.Sum(norm => norm.FrozenCount) +
        (_relativeBias?.FrozenCount ?? 0) + (_distances?.FrozenCount ?? 0);

    /// <summary>Has the tables of relative positions trained, where there are any.</summary>
    public void TrainRelativePositions(ParameterSet parameters)
    {
        _relativeBias?.Train(parameters);
        _distances?.Train(parameters);
    }

    /// <summary>Packs the weights and settles how far down the backward pass goes.</summary>
    /// <param name="training">Whether examples come again, so that what frozen layers make of them is worth keeping.</param>
    /// <param name="firstTokens">Whether the last hidden states will be asked of first tokens alone.</param>
    /// <param name="shared">What keeps it for the models that follow; null to keep it for this one alone.</param>
    public void Prepare(bool training, bool firstTokens, FrozenPrefix? shared = null)
    {
        _embeddings.Prepare();
        _relativeBias?.Prepare();
        _distances?.Prepare();
        bool below = _embeddings.IsTrained;
        _lowestTrained = below ? 0 : _layers.Length;
        for (int i = 0; i < _layers.Length; i++)
        {
            _layers[i].Prepare(inputGradient: below);
            if (!below && _layers[i].IsTrained)
            {
                below = true;
                _lowestTrained = i;
            }
        }

        _finalNorm?.Prepare();
        FrozenPrefix prefix = shared ?? _ownPrefix;
        int covered = training ? _lowestTrained : 0;
        prefix.Cover(covered, firstTokens && covered == _layers.Length);
        _prefix = covered > 0 ? prefix : null;
    }

    /// <summary>Takes changed tables of relative positions into what is computed with.</summary>
    public void RefreshRelativePositions()
    {
        if (_relativeBias is { IsTrained: true })
        {
            _relativeBias.Refresh();
        }

        if (_distances is { IsTrained: true })
        {
            _distances.Refresh();
        }
    }

    /// <summary>The last hidden states.</summary>
    /// <param name="pass">The shard's pass.</param>
    /// <param name="memo">Receives what the backward pass needs.</param>
    /// <param name="firstTokens">Compute those of each sequence's first token alone.</param>
    /// <returns>[T, C], or [B, C] for first tokens.</returns>
    public Matrix Forward(Pass pass, EncoderMemo memo, bool firstTokens)
    {
        Matrix states = _prefix is null
            ? Layered(pass, memo, Embedded(pass, memo), 0, _layers.Length, firstTokens)
            : AbovePrefix(pass, memo, _prefix, firstTokens);
        return FinalNorm(pass, memo, states);
    }

    /// <summary>Adds the gradients of everything trained, from the top down to the lowest of it.</summary>
    /// <param name="pass">The shard's pass.</param>
    /// <param name="memo">What the forward pass kept.</param>
    /// <param name="grad">The gradient of the last hidden states; overwritten.</param>
    public void Backward(Pass pass, EncoderMemo memo, Matrix grad)
    {
        _finalNorm?.Backward(pass, grad, memo.LastSum, memo.LastStatistics, grad);
        for (int i = _layers.Length - 1; i >= _lowestTrained; i--)
        {
            grad = RecomputesActivations ? BackwardAgain(pass, memo, i, grad) : _layers[i].Backward(pass, memo.Layers[i], grad);
        }

        if (_embeddings.IsTrained)
        {
            Elementwise.Dropout(grad, memo.EmbeddingDropout, grad);
            _embeddings.Backward(pass, memo.Embeddings, grad);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _embeddings.Dispose();
        Array.ForEach(_layers, layer => layer.Dispose());
        _relativeBias?.Dispose();
        _rotary?.Dispose();
        _ownPrefix.Dispose();
        _distances?.Dispose();
        _finalNorm?.Dispose();
    }

    // A prefix that is remembered has no dropout.
    private Matrix Embedded(Pass pass, EncoderMemo memo)
    {
        Matrix states = _embeddings.Forward(pass, memo.Embeddings);
        memo.EmbeddingDropout = pass.Dropout(Config.HiddenDropout, DropoutStreams.Embeddings);
        if (!memo.EmbeddingDropout.IsEmpty)
        {
            Elementwise.Dropout(states, memo.EmbeddingDropout, states);
        }

        return states;
    }

    private Matrix AbovePrefix(Pass pass, EncoderMemo memo, FrozenPrefix prefix, bool firstTokens)
    {
        bool whole = _lowestTrained == _layers.Length;
        Matrix known = pass.Workspace.Rent(whole && firstTokens ? pass.Sequences : pass.Tokens, Config.HiddenSize);
        if (!prefix.TryRead(pass, known))
        {
            known = Layered(
                pass, memo, _embeddings.Forward(pass, memo.Embeddings), 0, _lowestTrained, firstTokens && whole);
            prefix.Store(pass, known);
        }

        return Layered(pass, memo, known, _lowestTrained, _layers.Length, firstTokens);
    }

    // The last layer's activations are still there; below it one layer at a time has its own, in the memory that was the last one's.
    private Matrix BackwardAgain(Pass pass, EncoderMemo memo, int index, Matrix grad)
    {
        if (index == _layers.Length - 1)
        {
            Matrix below = _layers[index].Backward(pass, memo.Layers[index], grad);
            if (index == _lowestTrained && !_embeddings.IsTrained)
            {
                return below;
            }

            below.CopyTo(memo.BelowLast.Grad);
            pass.Workspace.Release(memo.BelowLast.Mark);
            return memo.BelowLast.Grad;
        }

        Workspace.Position mark = pass.Workspace.Mark();
        _layers[index].Forward(pass, memo.Layers[index], memo.Ends[index].Input, memo.Ends[index].Output);
        Matrix gradInput = _layers[index].Backward(pass, memo.Layers[index], grad);
        pass.Workspace.Release(mark);
        return gradInput;
    }

    // Layers first to end - 1. Where no backward pass reaches, two buffers take turns.
    private Matrix Layered(Pass pass, EncoderMemo memo, Matrix input, int first, int end, bool firstTokens)
    {
        int hidden = Config.HiddenSize;
        Matrix spare = pass.Training && first >= _lowestTrained ? default : pass.Workspace.Rent(pass.Tokens, hidden);
        for (int i = first; i < end; i++)
        {
            bool keep = pass.Training && i >= _lowestTrained;
            int rows = firstTokens && i == _layers.Length - 1 ? pass.Sequences : pass.Tokens;
            Matrix output = keep ? pass.Workspace.Rent(rows, hidden) : spare.SliceRows(0, rows);
            bool again = keep && RecomputesActivations;
            bool last = i == _layers.Length - 1;
            Matrix grad = again && last ? pass.Workspace.Rent(pass.Tokens, hidden) : default;
            Workspace.Position mark = pass.Workspace.Mark();
            memo.Layers[i].Keep = keep;
            _layers[i].Forward(pass, memo.Layers[i], input, output);
            if (again)
            {
                memo.Ends[i] = (input, output);
                memo.BelowLast = (grad, mark);
            }

            if (!keep || (again && !last))
            {
                pass.Workspace.Release(mark);
            }

            spare = keep ? spare : input;

            input = output;
        }

        return input;
    }

    private EncoderLayer CreateLayer(WeightReader reader, int index) => Config.Family.Style switch
    {
        LayerStyle.ModernBert => new ModernBertLayer(reader, Config, index, Config.ModernBert!, _rotary!),
        LayerStyle.DebertaV2 => new PostNormLayer(
            reader, Config, index, (query, key) => new DebertaAttention(Config, _distances!, query, key)),
        _ => new PostNormLayer(reader, Config, index, (_, _) => new DotProductAttention(
            new AttentionSpec(Config.NumAttentionHeads, 1 / MathF.Sqrt(Config.HeadSize)) { Bias = _relativeBias?.Bias ?? default },
            Config.AttentionDropout, DropoutStreams.Attention(index), _relativeBias)),
    };

    private Matrix FinalNorm(Pass pass, EncoderMemo memo, Matrix input)
    {
        if (_finalNorm is null)
        {
            return input;
        }

        memo.LastSum = input;
        memo.LastStatistics = pass.Training ? pass.Workspace.Rent(input.Rows, 2) : default;
        Matrix output = pass.Workspace.Rent(input.Rows, input.Columns);
        _finalNorm.Forward(input, output, memo.LastStatistics);
        return output;
    }
}
