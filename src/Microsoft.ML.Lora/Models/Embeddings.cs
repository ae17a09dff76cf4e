using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Models;

/// <summary>What the embeddings keep for the backward pass.</summary>
internal sealed class EmbeddingsMemo
{
    public Matrix Sum;
    public Matrix Statistics;
    public Matrix Normalised;
    public LinearMemo Projection;
}

/// <summary>The first hidden states: norm(token + position + segment vectors), widened where these are narrower than the model.</summary>
internal sealed class Embeddings : IDisposable
{
    private readonly EncoderConfig _config;
    private readonly EmbeddingTable _words;
    private readonly EmbeddingTable? _positions;
    private readonly EmbeddingTable? _types;
    private readonly NormLayer _norm;
    private readonly LinearSlot? _projection;
    private bool _isTrainedBelow;

    /// <summary>Looks the tables up.</summary>
    public Embeddings(WeightReader reader, EncoderConfig config)
    {
        _config = config;
        EmbeddingNames names = config.Family.Embeddings;
        string prefix = config.Family.Prefix;
        int width = config.EmbeddingSize;
        _words = reader.Table(prefix + names.Word, config.VocabSize, width);
        _positions = names.Position is null
            ? null
            : reader.Table(prefix + names.Position, config.MaxPositionEmbeddings, width);
        _types = config.TypeVocabSize == 0
            ? null
            : reader.Table(prefix + names.TokenType, config.TypeVocabSize, width);
        _norm = reader.Norm(prefix + names.Norm, width, config.LayerNormEps, config.HasNormBias);
        if (width != config.HiddenSize)
        {
            string path = prefix + names.Projection;
            _projection = new LinearSlot(
                path, LinearRole.None, -1, reader.Linear(path, width, config.HiddenSize));
        }
    }

    /// <summary>Whether anything in them is trained; settled by <see cref="Prepare"/>.</summary>
    public bool IsTrained { get; private set; }

    /// <summary>The layer norm.</summary>
    public NormLayer Norm => _norm;

    /// <summary>The widening product, where there is one.</summary>
    public LinearSlot? Projection => _projection;

    /// <summary>The tables that there are.</summary>
    public IEnumerable<EmbeddingTable> Tables => new[] { _words, _positions, _types }.OfType<EmbeddingTable>();

    /// <summary>Packs, and gives what is trained its start.</summary>
    public void Prepare()
    {
        foreach (EmbeddingTable table in Tables)
        {
            table.Prepare();
        }

        _norm.Prepare();
        _isTrainedBelow = _norm.IsTrained || Tables.Any(table => table.IsTrained);
        _projection?.Layer.Prepare(inputGradient: _isTrainedBelow);
        IsTrained = _isTrainedBelow || (_projection?.Layer.IsTrained ?? false);
    }

    /// <summary>The first hidden states [T, C].</summary>
    public Matrix Forward(Pass pass, EmbeddingsMemo memo)
    {
        memo.Sum = pass.Workspace.Rent(pass.Tokens, _config.EmbeddingSize);
        _words.Forward(pass, pass.TokenIds, 0, memo.Sum, accumulate: false);
        _positions?.Forward(pass, pass.Positions, _config.FirstPosition, memo.Sum, accumulate: true);
        _types?.Forward(pass, pass.TypeIds, 0, memo.Sum, accumulate: true);

        bool keep = pass.Training && IsTrained;
        memo.Statistics = keep ? pass.Workspace.Rent(pass.Tokens, 2) : default;
        memo.Normalised = keep ? pass.Workspace.Rent(pass.Tokens, _config.EmbeddingSize) : memo.Sum;
        _norm.Forward(memo.Sum, memo.Normalised, memo.Statistics);
        if (_projection is null)
        {
            return memo.Normalised;
        }

        Matrix output = pass.Workspace.Rent(pass.Tokens, _config.HiddenSize);
        _projection.Layer.Forward(pass, memo.Normalised, output, default, ref memo.Projection);
        return output;
    }

    /// <summary>Adds the gradients of what is trained.</summary>
    public void Backward(Pass pass, EmbeddingsMemo memo, Matrix grad)
    {
        if (_projection is not null)
        {
            Matrix gradOutput = grad;
            grad = _isTrainedBelow ? pass.Workspace.Rent(pass.Tokens, _config.EmbeddingSize) : default;
            _projection.Layer.Backward(pass, memo.Projection, gradOutput, grad, accumulate: false);
            if (!_isTrainedBelow)
            {
                return;
            }
        }

        _norm.Backward(pass, grad, memo.Sum, memo.Statistics, grad);
        _words.Backward(pass, pass.TokenIds, 0, grad);
        _positions?.Backward(pass, pass.Positions, _config.FirstPosition, grad);
        _types?.Backward(pass, pass.TypeIds, 0, grad);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _norm.Dispose();
        _projection?.Layer.Dispose();
    }
}
