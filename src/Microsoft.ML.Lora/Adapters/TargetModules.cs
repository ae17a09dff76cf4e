using System.Text.RegularExpressions;
using Microsoft.ML.Lora.Layers;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>
/// A choice of linear layers, by preset (the part they play), by names (a name or the end of one, after a dot) or by a
/// regular expression over the whole name: PEFT's <c>target_modules</c>.
/// </summary>
internal sealed record TargetModules
{
    private readonly Func<LinearSlot, bool> _matches;

    private TargetModules(string description, IReadOnlyList<string>? names, Func<LinearSlot, bool> matches)
    {
        Description = description;
        Names = names;
        _matches = matches;
    }

    /// <summary>Every linear layer of the encoder's layers.</summary>
    public static TargetModules AllLinear { get; } = Preset("AllLinear", ~LinearRole.None);

    /// <summary>Queries and values (a joint projection counts as both).</summary>
    public static TargetModules QueryValue { get; } =
        Preset("QueryValue", LinearRole.Query | LinearRole.Value | LinearRole.QueryKeyValue);

    /// <summary>The four projections of the attention.</summary>
    public static TargetModules Attention { get; } = Preset(
        "Attention",
        LinearRole.Query | LinearRole.Key | LinearRole.Value | LinearRole.QueryKeyValue | LinearRole.AttentionOutput);

    /// <summary>The two products of the feed-forward part.</summary>
    public static TargetModules FeedForward { get; } =
        Preset("FeedForward", LinearRole.Intermediate | LinearRole.Output);

    /// <summary>What was asked for, as an error or a log shows it.</summary>
    public string Description { get; }

    /// <summary>The names asked for, when the choice is by names.</summary>
    public IReadOnlyList<string>? Names { get; }

    /// <summary>A choice by names or ends of names: <c>query</c>, <c>attention.output.dense</c>, a full path.</summary>
    /// <param name="names">One or more names.</param>
    public static TargetModules ByName(params IReadOnlyList<string> names) => new(
        string.Join(", ", names),
        names,
        slot => names.Any(name => slot.Name == name || slot.Name.EndsWith("." + name, StringComparison.Ordinal)));

    /// <summary>A choice by a regular expression that has to match the whole name.</summary>
    /// <param name="pattern">A regular expression.</param>
    public static TargetModules ByPattern(string pattern)
    {
        var regex = new Regex($"^(?:{pattern})$", RegexOptions.CultureInvariant);
        return new TargetModules(pattern, null, slot => regex.IsMatch(slot.Name));
    }

    /// <summary>Whether the layer is chosen.</summary>
    public bool Matches(LinearSlot slot) => _matches(slot);

    /// <summary>The chosen layers of <paramref name="slots"/>, in their order.</summary>
    /// <exception cref="ArgumentException">None is chosen; the message lists the candidates.</exception>
    public IReadOnlyList<LinearSlot> Select(IReadOnlyList<LinearSlot> slots, IReadOnlyList<int>? layers)
    {
        List<LinearSlot> chosen = [.. slots.Where(slot => Matches(slot) && (layers?.Contains(slot.LayerIndex) ?? true))];
        if (chosen.Count == 0)
        {
            Throw.Argument_NoTargetModules(Description, layers, slots.Select(slot => slot.Name));
        }

        return chosen;
    }

    private static TargetModules Preset(string name, LinearRole roles) =>
        new(name, null, slot => (slot.Role & roles) != 0);
}
