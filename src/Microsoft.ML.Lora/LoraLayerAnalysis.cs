namespace Microsoft.ML.Lora;

/// <summary>What a trained update ΔW = s·B·A did to one layer.</summary>
/// <param name="Name">The layer's path in the base model's checkpoint.</param>
/// <param name="InputSize">Number of inputs.</param>
/// <param name="OutputSize">Number of outputs.</param>
/// <param name="SingularValues">The singular values σ of ΔW, falling: as many as the update's rank.</param>
/// <param name="BaseNorm">The Frobenius norm of the pretrained weight W₀, the root of the sum of its squares.</param>
public sealed record LoraLayerAnalysis(
    string Name, int InputSize, int OutputSize, IReadOnlyList<double> SingularValues, double BaseNorm)
{
    /// <summary>The update's rank.</summary>
    public int Rank => SingularValues.Count;

    /// <summary>The Frobenius norm of ΔW: √Σσ².</summary>
    public double Norm => Math.Sqrt(SingularValues.Sum(value => value * value));

    /// <summary>‖ΔW‖ / ‖W₀‖: how much of the layer was changed.</summary>
    public double RelativeNorm => BaseNorm > 0 ? Norm / BaseNorm : 0;

    /// <summary>
    /// How many directions the update really uses: e to the entropy of σ/Σσ, from 1 to the rank (Roy and Vetterli 2007); 0 for an
    /// update that is zero.
    /// </summary>
    public double EffectiveRank
    {
        get
        {
            double sum = SingularValues.Sum();
            return sum > 0
                ? Math.Exp(-SingularValues.Where(value => value > 0).Sum(value => value / sum * Math.Log(value / sum)))
                : 0;
        }
    }

    /// <summary>Share of ΔW's energy Σσ² that its nearest approximation of a rank keeps, 0 to 1.</summary>
    /// <param name="rank">The rank, 0 or more.</param>
    public double EnergyKept(int rank)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        double all = Norm * Norm;
        return all > 0 ? SingularValues.Take(rank).Sum(value => value * value) / all : 1;
    }

    /// <summary>The least rank that keeps a share of the energy, 1 or more.</summary>
    /// <param name="share">The share, above 0 and at most 1.</param>
    public int RankForEnergy(double share)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(share);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(share, 1);
        double wanted = share * SingularValues.Sum(value => value * value);
        double kept = 0;
        for (int rank = 1; rank < Rank; rank++)
        {
            kept += SingularValues[rank - 1] * SingularValues[rank - 1];
            if (kept >= wanted)
            {
                return rank;
            }
        }
        return Math.Max(1, Rank);
    }
}
