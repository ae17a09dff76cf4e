using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Tokenization.Files;

/// <summary>Looks up what an object of tokenizer.json names as its type.</summary>
internal static class Registry
{
    /// <summary>The entry for an object's type.</summary>
    /// <exception cref="NotSupportedException">There is none; the message names those there are.</exception>
    public static T Find<T>(Dictionary<string, T> known, ConfigJson json, string kind)
    {
        var type = json.GetString("type");
        if (!known.TryGetValue(type, out var entry))
        {
            Throw.NotSupported_InFile(
                json.File,
                $"the {kind} {Throw.Quote(type)} is not supported. Known are: {string.Join(", ", known.Keys.Order(StringComparer.Ordinal))}.");
        }

        return entry;
    }
}
