namespace Microsoft.ML.Lora;

/// <summary>What is added to the loss, times λ, for the size of the low-rank updates s·B·A; a sum over the adapted layers.</summary>
public enum LoraUpdatePenalty
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>½·(‖A‖² + ‖B‖²): the squares of the factors.</summary>
    Factors = 1,

    /// <summary>½·‖s·B·A‖²: the squares of the update itself (Frobenius norm), by r×r matrices.</summary>
    Frobenius = 2,

    /// <summary>
    /// ½·s·(‖A‖² + ‖B‖²), which over all factors of one update is least at its nuclear norm, the sum of its singular values: it
    /// favours updates of low rank (Srebro et al. 2005).
    /// </summary>
    Nuclear = 3,
}
