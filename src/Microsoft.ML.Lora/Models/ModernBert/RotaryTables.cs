using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Models.ModernBert;

/// <summary>The rotary angles of global and of local layers, shared by all layers.</summary>
internal sealed class RotaryTables : IDisposable
{
    private readonly AlignedBuffer _global;
    private readonly AlignedBuffer _local;

    /// <summary>Computes the angles of every position.</summary>
    public RotaryTables(EncoderConfig config, ModernBertSettings settings)
    {
        _global = Fill(settings.GlobalTheta, out Matrix global);
        _local = Fill(settings.LocalTheta, out Matrix local);
        (Global, Local) = (global, local);

        AlignedBuffer Fill(double theta, out Matrix table)
        {
            var buffer = new AlignedBuffer((long)config.MaxPositionEmbeddings * config.HeadSize);
            table = buffer.AsMatrix(config.MaxPositionEmbeddings, config.HeadSize);
            RotaryEmbedding.FillTable(table, theta);
            return buffer;
        }
    }

    /// <summary>[positions, D].</summary>
    public Matrix Global { get; }

    /// <summary>[positions, D].</summary>
    public Matrix Local { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _global.Dispose();
        _local.Dispose();
    }
}
