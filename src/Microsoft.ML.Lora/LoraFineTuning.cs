namespace Microsoft.ML.Lora;

/// <summary>What of the model a <see cref="LoraTextClassificationTrainer"/> trains.</summary>
public enum LoraFineTuning
{
    /// <summary>
    /// Low-rank updates W = W₀ + s·B·A of the chosen linear layers, and the head
    /// (<see href="https://arxiv.org/abs/2106.09685">Hu et al. 2021</see>).
    /// </summary>
    Lora = 0,

    /// <summary>Every number of the base model and the head: the baseline that low-rank updates are measured against.</summary>
    Full = 1,

    /// <summary>The head alone, over features that stay as the base model computes them.</summary>
    HeadOnly = 2,
}
