namespace Microsoft.ML.Lora;

/// <summary>How one layer differs between two checkpoints, and how near the low-rank update comes.</summary>
/// <param name="Name">The layer's path in the checkpoint.</param>
/// <param name="InputSize">Number of inputs.</param>
/// <param name="OutputSize">Number of outputs.</param>
/// <param name="Norm">The Frobenius norm of the difference ΔW.</param>
/// <param name="SingularValues">Its leading singular values σ, falling: as many as the update's rank.</param>
public sealed record LoraLayerDifference(
    string Name, int InputSize, int OutputSize, double Norm, IReadOnlyList<double> SingularValues)
{
    /// <summary>The part of ΔW that no update of a rank holds: √(‖ΔW‖² − Σσ²) / ‖ΔW‖, 0 to 1; 0 where nothing changed.</summary>
    /// <param name="rank">The rank, from 0 to the number of <see cref="SingularValues"/>.</param>
    public double ErrorAt(int rank)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rank);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rank, SingularValues.Count);
        double left = (Norm * Norm) - SingularValues.Take(rank).Sum(value => value * value);
        return Norm > 0 ? Math.Sqrt(Math.Max(0, left)) / Norm : 0;
    }

    /// <summary>The error of the update itself.</summary>
    public double Error => ErrorAt(SingularValues.Count);
}
