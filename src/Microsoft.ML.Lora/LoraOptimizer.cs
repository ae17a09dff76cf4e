namespace Microsoft.ML.Lora;

/// <summary>How parameters follow their gradients.</summary>
public enum LoraOptimizer
{
    /// <summary>Adam with decoupled weight decay (<see href="https://arxiv.org/abs/1711.05101">Loshchilov and Hutter 2019</see>).</summary>
    AdamW = 0,

    /// <summary>Adam, weight decay being part of the gradient (<see href="https://arxiv.org/abs/1412.6980">Kingma and Ba 2015</see>).</summary>
    Adam = 1,

    /// <summary>Stochastic gradient descent with momentum: v = μ·v + g, p = p − rate·v. It takes far higher learning rates.</summary>
    Sgd = 2,

    /// <summary>
    /// Adafactor at the given learning rate (<see href="https://arxiv.org/abs/1804.04235">Shazeer and Stern 2018</see>): it
    /// remembers rows' and columns' mean squares instead of every number's.
    /// </summary>
    Adafactor = 3,
}
