using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Models.Deberta;

/// <summary>The vectors of distances that every layer of a DeBERTa projects, normalised once; they may be trained.</summary>
internal sealed class DistanceTable : IDisposable
{
    private readonly string _path;
    private readonly AlignedBuffer _stored;
    private readonly AlignedBuffer _normalised;
    private readonly AlignedBuffer _statistics;
    private readonly int _rows;
    private readonly int _width;
    private Parameter? _parameter;

    /// <summary>Reads the table.</summary>
    public DistanceTable(WeightReader reader, EncoderConfig config, DebertaSettings settings)
    {
        Settings = settings;
        RowOfDistance = settings.RowsByDistance(config.MaxTokens);
        _rows = 2 * settings.Span;
        _width = config.HiddenSize;
        string path = config.Family.Prefix + "encoder.";
        _path = path + "rel_embeddings.weight";
        float[] vectors = reader.Values(_path, _rows, _width);
        _stored = new AlignedBuffer(vectors.Length);
        vectors.CopyTo(_stored.Span);
        _normalised = new AlignedBuffer(vectors.Length);
        _statistics = new AlignedBuffer(2L * _rows);
        Norm = settings.NormalisesDistances ? reader.Norm(path + "LayerNorm", _width, config.LayerNormEps) : null;
    }

    /// <summary>What config.json says.</summary>
    public DebertaSettings Settings { get; }

    /// <summary>The layer norm over the vectors, or null.</summary>
    public NormLayer? Norm { get; }

    /// <summary>The vectors [2 · span, C].</summary>
    public Matrix Vectors => _normalised.AsMatrix(_rows, _width);

    /// <summary>The row of each distance, query less key; the middle is distance 0.</summary>
    public int[] RowOfDistance { get; }

    /// <summary>Whether anything of them is trained.</summary>
    public bool IsTrained => _parameter is not null || (Norm?.IsTrained ?? false);

    /// <summary>Number of its numbers that are not trained, those of the norm left out.</summary>
    public long FrozenCount => _parameter is null ? _stored.Length : 0;

    private Matrix Source => _parameter?.Value ?? _stored.AsMatrix(_rows, _width);

    /// <summary>Has the table trained.</summary>
    public void Train(ParameterSet parameters) =>
        _parameter ??= parameters.Add(_path, ParameterRole.Weight, _rows, _width);

    /// <summary>Gives what is trained its start, and normalises.</summary>
    public void Prepare()
    {
        Norm?.Prepare();
        if (_parameter is not null)
        {
            _stored.Span.CopyTo(_parameter.Value.Span);
        }

        Refresh();
    }

    /// <summary>Takes changed parameters into the vectors.</summary>
    public void Refresh()
    {
        if (Norm is null)
        {
            Source.CopyTo(Vectors);
        }
        else
        {
            Norm.Forward(Source, Vectors, _statistics.AsMatrix(_rows, 2));
        }
    }

    /// <summary>Adds the gradients of what is trained.</summary>
    /// <param name="pass">The shard's pass.</param>
    /// <param name="firstRow">The vector that row 0 of the gradient belongs to.</param>
    /// <param name="grad">The gradient of the vectors; overwritten.</param>
    public void Backward(Pass pass, int firstRow, Matrix grad)
    {
        Norm?.Backward(
            pass, grad, Source.SliceRows(firstRow, grad.Rows), _statistics.AsMatrix(_rows, 2).SliceRows(firstRow, grad.Rows), grad);
        if (_parameter is not null)
        {
            Elementwise.Add(grad, _parameter.In(pass.Gradients!).SliceRows(firstRow, grad.Rows));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stored.Dispose();
        _normalised.Dispose();
        _statistics.Dispose();
        Norm?.Dispose();
    }
}
