using System.Globalization;

namespace Microsoft.ML.Lora;

/// <summary>One training of a <see cref="LoraTuner"/>, and how it went.</summary>
public sealed record LoraTrial
{
    /// <summary>Its number, from 1, in the order of trying.</summary>
    public required int Number { get; init; }

    /// <summary>The options tried, by name, with the values they had; all others were those of the tuner.</summary>
    public required IReadOnlyDictionary<string, object?> Options { get; init; }

    /// <summary>The tuner's metric (<c>ValidationMetric</c>) at the best epoch; null when the training failed.</summary>
    public double? Metric { get; init; }

    /// <summary>The epoch the metric is of, from 1; 0 when the training failed.</summary>
    public int BestEpoch { get; init; }

    /// <summary>What every epoch gave; empty when the training failed.</summary>
    public IReadOnlyList<LoraEpoch> History { get; init; } = [];

    /// <summary>Time its epochs took.</summary>
    public double Seconds { get; init; }

    /// <summary>Number of parameters that were trained; 0 when the training failed.</summary>
    public long TrainableParameters { get; init; }

    /// <summary>Why the training failed; null when it did not.</summary>
    public string? Error { get; init; }

    /// <summary>One line for a log.</summary>
    public override string ToString()
    {
        string options = string.Join(", ", Options.Select(pair => string.Create(
            CultureInfo.InvariantCulture, $"{pair.Key} {pair.Value ?? "null"}")));
        return Error is null
            ? string.Create(CultureInfo.InvariantCulture,
                $"trial {Number}: {options}: {Metric:F4} in epoch {BestEpoch} of {History.Count}, {Seconds:F1} s")
            : $"trial {Number}: {options}: failed: {Error}";
    }
}
