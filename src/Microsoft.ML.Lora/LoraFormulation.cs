namespace Microsoft.ML.Lora;

/// <summary>What an adapted layer computes.</summary>
public enum LoraFormulation
{
    /// <summary>W = W₀ + s·B·A (<see href="https://arxiv.org/abs/2106.09685">Hu et al. 2021</see>).</summary>
    Lora = 0,

    /// <summary>
    /// W = m ∘ V / ‖V‖ with V = W₀ + s·B·A: the length m of every row is trained apart from its direction
    /// (<see href="https://arxiv.org/abs/2402.09353">Liu et al. 2024</see>).
    /// </summary>
    Dora = 1,
}
