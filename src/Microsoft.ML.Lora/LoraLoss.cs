namespace Microsoft.ML.Lora;

/// <summary>What training makes small: a mean over the rows of a step, by their weights.</summary>
public enum LoraLoss
{
    /// <summary>−Σ t·ln p over the classes, with p the probabilities and t the label, smoothed if asked.</summary>
    CrossEntropy = 0,

    /// <summary>
    /// −(1 − p)^γ · ln p of the true class's probability p: rows that are already right count less
    /// (<see href="https://arxiv.org/abs/1708.02002">Lin et al. 2017</see>).
    /// </summary>
    Focal = 1,
}
