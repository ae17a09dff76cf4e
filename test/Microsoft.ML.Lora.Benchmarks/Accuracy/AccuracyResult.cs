using System.Text.Json;

namespace Microsoft.ML.Lora.Benchmarks.Accuracy;

/// <summary>What one run of <see cref="AccuracyBench"/> measured.</summary>
internal sealed record AccuracyResult
{
    /// <summary>How results are written.</summary>
    public static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Share of the test rows classified right.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Mean over the classes of F1.</summary>
    public required double MacroF1 { get; init; }

    /// <summary>Matthews correlation.</summary>
    public required double Mcc { get; init; }

    /// <summary>Mean of −ln p(true class).</summary>
    public required double LogLoss { get; init; }

    /// <summary>Seconds of Fit.</summary>
    public required double TrainS { get; init; }

    /// <summary>Seconds that all cores together computed in Fit: what a busy machine disturbs least.</summary>
    public required double TrainCpuS { get; init; }

    /// <summary>Seconds of scoring the test rows, loading the scorer included.</summary>
    public required double ScoreS { get; init; }

    /// <summary>Epochs run.</summary>
    public required int Epochs { get; init; }

    /// <summary>The epoch the model is from.</summary>
    public required int BestEpoch { get; init; }

    /// <summary>Number of trained parameters.</summary>
    public required long TrainableParameters { get; init; }

    /// <summary>Size of the saved model, in MB.</summary>
    public required double ZipMb { get; init; }

    /// <summary>Largest memory of the process so far, in MB.</summary>
    public required long PeakRssMb { get; init; }

    /// <summary>One line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);
}
