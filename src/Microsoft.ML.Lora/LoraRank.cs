using System.Globalization;

namespace Microsoft.ML.Lora;

/// <summary>
/// The rank of low-rank updates: a number, or <see cref="Auto"/>. A whole number converts by itself: <c>Rank = 8</c>.
/// </summary>
public readonly struct LoraRank : IEquatable<LoraRank>
{
    private LoraRank(int value, bool isAuto)
    {
        Value = value;
        IsAuto = isAuto;
    }

    /// <summary>
    /// A rank for every layer, chosen by what was learned: rank 32 is trained, at the scaling that <c>Alpha</c> has there, and then
    /// every update is cut to the fewest directions that keep 0.99 of its energy Σσ², as
    /// <see cref="LoraTransformer.TruncateToEnergy"/> does. Training takes as long as at rank 32, and a little more
    /// memory; what is saved and shared is no larger than it needs to be. Going on from a model, its ranks stay.
    /// </summary>
    public static LoraRank Auto { get; } = new(0, isAuto: true);

    /// <summary>The rank; 0 for <see cref="Auto"/>.</summary>
    public int Value { get; }

    /// <summary>Whether the rank is chosen from the training rows.</summary>
    public bool IsAuto { get; }

    /// <summary>A rank of that number.</summary>
    public static implicit operator LoraRank(int rank) => new(rank, isAuto: false);

    /// <summary>Whether both are the same number, or both are <see cref="Auto"/>.</summary>
    public static bool operator ==(LoraRank left, LoraRank right) => left.Equals(right);

    /// <summary>Whether they differ.</summary>
    public static bool operator !=(LoraRank left, LoraRank right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(LoraRank other) => Value == other.Value && IsAuto == other.IsAuto;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is LoraRank other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Value, IsAuto);

    /// <summary>The number, or Auto.</summary>
    public override string ToString() => IsAuto ? nameof(Auto) : Value.ToString(CultureInfo.InvariantCulture);
}
