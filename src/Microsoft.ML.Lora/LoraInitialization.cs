namespace Microsoft.ML.Lora;

/// <summary>How the factors A [r, in] and B [out, r] of an update start.</summary>
public enum LoraInitialization
{
    /// <summary>A uniform in ±1/√in, B zero: the model starts as the base model.</summary>
    Kaiming = 0,

    /// <summary>A normal with standard deviation 1/r, B zero: the model starts as the base model.</summary>
    Gaussian = 1,

    /// <summary>
    /// A and B random with orthogonal inner factors, so that B·A = 0 while neither is zero. Needs even ranks.
    /// </summary>
    Orthogonal = 2,

    /// <summary>
    /// The r leading singular directions of W₀, which are taken out of the frozen weight
    /// (<see href="https://arxiv.org/abs/2404.02948">Meng et al. 2024</see>). The trained model holds plain updates of rank 2r.
    /// </summary>
    Pissa = 3,

    /// <summary>
    /// The first r columns of Q and rows of R of W₀ = Q·R, which are taken out of the frozen weight
    /// (<see href="https://arxiv.org/abs/2406.01775">Büyükakyüz 2024</see>). The trained model holds plain updates of rank 2r.
    /// </summary>
    Olora = 4,
}
