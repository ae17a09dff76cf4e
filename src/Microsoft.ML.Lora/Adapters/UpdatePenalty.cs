using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>What a penalty on low-rank updates measures.</summary>
internal enum PenaltyKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>½·(‖A‖² + ‖B‖²): the factors' size.</summary>
    Factors,

    /// <summary>½·‖s·B·A‖²: the update's own size (Frobenius norm).</summary>
    Update,

    /// <summary>
    /// ½·s·(‖A‖² + ‖B‖²), the least of which over all factors of an update is its nuclear norm (Srebro et al. 2005): it favours updates
    /// of low rank.
    /// </summary>
    NuclearNorm,
}

/// <summary>A penalty on low-rank updates, added to the loss.</summary>
/// <param name="Kind">What is measured.</param>
/// <param name="Strength">λ, what it is multiplied by; 0 or more.</param>
internal readonly record struct PenaltySpec(PenaltyKind Kind, float Strength);

/// <summary>
/// λ times the size of every low-rank update, and its gradient. The update's norm comes from r×r matrices, never from the update:
/// ‖B·A‖² = tr((Bᵀ·B)·(A·Aᵀ)), with gradients (Bᵀ·B)·A and B·(A·Aᵀ).
/// </summary>
internal sealed class UpdatePenalty(IReadOnlyList<LoraLinear> layers, PenaltySpec spec)
{
    private readonly LoraLinear[] _layers = spec.Kind == PenaltyKind.None || spec.Strength == 0 ? [] : [.. layers];
    private readonly double[] _gramA = new double[MostSquared(layers)];
    private readonly double[] _gramB = new double[MostSquared(layers)];

    /// <summary>Adds the penalty's gradient to a flat buffer.</summary>
    /// <returns>The penalty.</returns>
    public double AddGradient(AlignedBuffer gradients)
    {
        double sum = 0;
        foreach (LoraLinear layer in _layers)
        {
            sum += spec.Kind == PenaltyKind.Update
                ? UpdateNorm(layer, gradients)
                : FactorNorms(layer, spec.Kind == PenaltyKind.NuclearNorm ? layer.Scaling : 1, gradients);
        }

        return sum;
    }

    private static int MostSquared(IReadOnlyList<LoraLinear> layers)
    {
        int most = layers.Count == 0 ? 0 : layers.Max(layer => layer.Rank);
        return most * most;
    }

    private double FactorNorms(LoraLinear layer, float factor, AlignedBuffer gradients)
    {
        float strength = spec.Strength * factor;
        Elementwise.AddScaled(layer.A.Value, strength, layer.A.In(gradients));
        Elementwise.AddScaled(layer.B.Value, strength, layer.B.In(gradients));
        return 0.5 * strength *
            (Reductions.SumOfSquares(layer.A.Value.Span) + Reductions.SumOfSquares(layer.B.Value.Span));
    }

    private double UpdateNorm(LoraLinear layer, AlignedBuffer gradients)
    {
        int rank = layer.Rank;
        Matrix a = layer.A.Value;
        Matrix b = layer.B.Value;
        GramOfRows(a);
        GramOfColumns(b);
        double strength = (double)spec.Strength * layer.Scaling * layer.Scaling;
        double trace = 0;
        Matrix gradA = layer.A.In(gradients);
        for (int i = 0; i < rank; i++)
        {
            for (int j = 0; j < rank; j++)
            {
                trace += _gramA[(i * rank) + j] * _gramB[(i * rank) + j];
                Elementwise.AddScaled(
                    a.SliceRows(j, 1), (float)(strength * _gramB[(i * rank) + j]), gradA.SliceRows(i, 1));
            }
        }

        AddTimesGramOfA(b, strength, layer.B.In(gradients));
        return 0.5 * strength * trace;
    }

    private void GramOfRows(Matrix a)
    {
        for (int i = 0; i < a.Rows; i++)
        {
            for (int j = 0; j < a.Rows; j++)
            {
                ReadOnlySpan<float> x = a[i];
                ReadOnlySpan<float> y = a[j];
                double sum = 0;
                for (int k = 0; k < x.Length; k++)
                {
                    sum += (double)x[k] * y[k];
                }

                _gramA[(i * a.Rows) + j] = sum;
            }
        }
    }

    private void GramOfColumns(Matrix b)
    {
        int rank = b.Columns;
        Array.Clear(_gramB, 0, rank * rank);
        for (int row = 0; row < b.Rows; row++)
        {
            ReadOnlySpan<float> x = b[row];
            for (int i = 0; i < rank; i++)
            {
                for (int j = 0; j < rank; j++)
                {
                    _gramB[(i * rank) + j] += (double)x[i] * x[j];
                }
            }
        }
    }

    private void AddTimesGramOfA(Matrix b, double strength, Matrix gradB)
    {
        int rank = b.Columns;
        for (int row = 0; row < b.Rows; row++)
        {
            ReadOnlySpan<float> x = b[row];
            Span<float> grad = gradB[row];
            for (int i = 0; i < rank; i++)
            {
                double sum = 0;
                for (int j = 0; j < rank; j++)
                {
                    sum += x[j] * _gramA[(j * rank) + i];
                }

                grad[i] += (float)(strength * sum);
            }
        }
    }
}
