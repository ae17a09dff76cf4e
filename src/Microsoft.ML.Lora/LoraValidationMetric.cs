namespace Microsoft.ML.Lora;

/// <summary>The validation metric that decides which epoch is the best, and when waiting for a better one is over.</summary>
public enum LoraValidationMetric
{
    /// <summary>Share of the validation rows classified right; higher is better.</summary>
    Accuracy = 0,

    /// <summary>Mean over the classes of the harmonic mean of precision and recall; higher is better.</summary>
    MacroF1 = 1,

    /// <summary>Mean of −ln p(true class); lower is better.</summary>
    LogLoss = 2,

    /// <summary>Matthews correlation coefficient of all classes (Gorodkin 2004), −1 to 1; higher is better.</summary>
    MatthewsCorrelation = 3,
}
