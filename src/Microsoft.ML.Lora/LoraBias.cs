namespace Microsoft.ML.Lora;

/// <summary>Which biases of the base model are trained beside the low-rank updates; PEFT's <c>bias</c>.</summary>
public enum LoraBias
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Those of the adapted layers.</summary>
    LoraOnly = 1,

    /// <summary>All, those of layer norms included.</summary>
    All = 2,
}
