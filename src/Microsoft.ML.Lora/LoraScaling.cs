namespace Microsoft.ML.Lora;

/// <summary>The factor s of an update s·B·A.</summary>
public enum LoraScaling
{
    /// <summary>s = alpha/r (<see href="https://arxiv.org/abs/2106.09685">Hu et al. 2021</see>).</summary>
    Standard = 0,

    /// <summary>
    /// s = alpha/√r, so that high ranks learn as fast as low ones (rsLoRA,
    /// <see href="https://arxiv.org/abs/2312.03732">Kalajdzievski 2023</see>). At the same alpha it is √r times larger.
    /// </summary>
    RankStabilized = 1,
}
