using Microsoft.ML.Lora.Adapters;

namespace Microsoft.ML.Lora;

/// <summary>Which linear layers of the encoder get a low-rank adapter.</summary>
public sealed class LoraTargetModules
{
    private LoraTargetModules(TargetModules modules) => Modules = modules;

    /// <summary>Every linear layer of the encoder's layers: attention and feed-forward. The default.</summary>
    public static LoraTargetModules AllLinear { get; } = new(TargetModules.AllLinear);

    /// <summary>The query and value projections alone, as in the LoRA paper (Hu et al. 2021).</summary>
    public static LoraTargetModules QueryValue { get; } = new(TargetModules.QueryValue);

    /// <summary>The four projections of the attention.</summary>
    public static LoraTargetModules Attention { get; } = new(TargetModules.Attention);

    /// <summary>The two layers of the feed-forward part.</summary>
    public static LoraTargetModules FeedForward { get; } = new(TargetModules.FeedForward);

    internal TargetModules Modules { get; }

    /// <summary>The layers of these names, or whose names end in them after a dot, as PEFT's <c>target_modules</c>.</summary>
    /// <param name="names">One or more of the base model's own names: <c>query</c>, <c>attention.output.dense</c>, a full path.</param>
    /// <exception cref="ArgumentException">No name, or an empty one.</exception>
    public static LoraTargetModules Named(params string[] names)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (names.Length == 0 || names.Any(string.IsNullOrWhiteSpace))
        {
            throw new ArgumentException("Give one or more names of linear layers, such as \"query\", none of them empty.",
                nameof(names));
        }
        return new LoraTargetModules(TargetModules.ByName([.. names]));
    }

    /// <summary>The layers whose whole name matches a regular expression.</summary>
    /// <param name="pattern">A .NET regular expression, such as <c>.*\.layer\.[45]\..*</c>.</param>
    /// <exception cref="ArgumentException">It is not a regular expression.</exception>
    public static LoraTargetModules Matching(string pattern)
    {
        ArgumentException.ThrowIfNullOrEmpty(pattern);
        return new LoraTargetModules(TargetModules.ByPattern(pattern));
    }

    /// <summary>The choice as it was made.</summary>
    public override string ToString() => Modules.Description;
}
