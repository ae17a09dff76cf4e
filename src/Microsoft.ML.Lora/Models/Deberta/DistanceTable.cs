using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Models.Deberta;

/// <summary>The vectors of distances that every layer of a DeBERTa projects, normalised once.</summary>
internal sealed class DistanceTable : IDisposable
{
    private readonly AlignedBuffer _vectors;

    /// <summary>Reads the table.</summary>
    public DistanceTable(WeightReader reader, EncoderConfig config, DebertaSettings settings)
    {
        Settings = settings;
        RowOfDistance = settings.RowsByDistance(config.MaxTokens);
        int rows = 2 * settings.Span;
        int hidden = config.HiddenSize;
        string path = config.Family.Prefix + "encoder.";
        float[] vectors = reader.Values(path + "rel_embeddings.weight", rows, hidden);
        _vectors = new AlignedBuffer(vectors.Length);
        Vectors = _vectors.AsMatrix(rows, hidden);
        vectors.CopyTo(Vectors.Span);
        if (settings.NormalisesDistances)
        {
            using NormLayer norm = reader.Norm(path + "LayerNorm", hidden, config.LayerNormEps);
            norm.Forward(Vectors, Vectors, default);
        }
    }

    /// <summary>What config.json says.</summary>
    public DebertaSettings Settings { get; }

    /// <summary>The vectors [2 · span, C].</summary>
    public Matrix Vectors { get; }

    /// <summary>The row of each distance, query less key; the middle is distance 0.</summary>
    public int[] RowOfDistance { get; }

    /// <inheritdoc/>
    public void Dispose() => _vectors.Dispose();
}
