namespace Microsoft.ML.Lora;

/// <summary>How the learning rate goes over the steps, after a warm-up in which it rises from 0 in a straight line.</summary>
public enum LoraSchedule
{
    /// <summary>In a straight line to 0.</summary>
    Linear = 0,

    /// <summary>Along half a cosine to 0.</summary>
    Cosine = 1,

    /// <summary>It stays.</summary>
    Constant = 2,

    /// <summary>
    /// Up along a cosine, from 1/25 of the rate, through the warm-up, and down to nearly 0
    /// (<see href="https://arxiv.org/abs/1708.07120">Smith and Topin 2018</see>). Its warm-up is 30% of the steps by default.
    /// </summary>
    OneCycle = 3,
}
