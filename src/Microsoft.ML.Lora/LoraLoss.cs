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

    /// <summary>
    /// ½·mean (1 − cos)² over pairs of rows of one class + ½·mean cos² over pairs of rows of two, with cos the cosine of what the head
    /// reads of both; the head itself is a logistic regression on that in the end. Few rows make many pairs: where a few classes have
    /// a handful of them, and the base hardly tells them apart, it learns far more than the other losses; where it does, less
    /// (SetFit, <see href="https://arxiv.org/abs/2209.11055">Tunstall et al. 2022</see>). A step computes forward twice.
    /// </summary>
    Contrastive = 2,
}
