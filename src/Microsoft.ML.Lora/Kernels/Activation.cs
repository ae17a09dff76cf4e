namespace Microsoft.ML.Lora.Kernels;

/// <summary>An element-wise non-linearity.</summary>
internal enum Activation
{
    /// <summary>x.</summary>
    None,

    /// <summary>x · Φ(x), with the error function (Hugging Face: <c>gelu</c>).</summary>
    Gelu,

    /// <summary>The tanh approximation of GELU (<c>gelu_new</c>, <c>gelu_pytorch_tanh</c>).</summary>
    GeluTanh,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>x / (1 + exp(−x)) (<c>silu</c>, <c>swish</c>).</summary>
    Silu,

    /// <summary>tanh x.</summary>
    Tanh,
}
