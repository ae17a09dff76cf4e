using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>
/// What PEFT's files have no place for, in the metadata of the tensors' file, which Python passes over: the names of the
/// outputs and the longest input.
/// </summary>
internal static class PeftMetadata
{
    private const string Labels = "labels";
    private const string MaxTokens = "max_tokens";
    private const int ShortestLength = 4;
    private const int LargestLength = 1 << 24;

    private static readonly JsonSerializerOptions _json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The metadata of a file.</summary>
    public static Dictionary<string, string> Of(IReadOnlyList<string>? labels, int? maxTokens)
    {
        var metadata = new Dictionary<string, string> { ["format"] = "pt" };
        if (labels is not null)
        {
            metadata[Labels] = JsonSerializer.Serialize(labels, _json);
        }

        if (maxTokens is { } length)
        {
            metadata[MaxTokens] = length.ToString(CultureInfo.InvariantCulture);
        }

        return metadata;
    }

    /// <summary>The names of the outputs; null when the file has none.</summary>
    /// <exception cref="InvalidDataException">What stands in their place is no list of texts.</exception>
    public static IReadOnlyList<string>? ReadLabels(WeightSource file)
    {
        if (!file.Metadata.TryGetValue(Labels, out var json))
        {
            return null;
        }

        try
        {
            if (JsonSerializer.Deserialize<string?[]>(json) is { } labels && labels.All(label => label is not null))
            {
                return labels!;
            }
        }
        catch (JsonException)
        {
        }

        Throw.InvalidData_File(file.Description, $"'{Labels}' of the metadata is {Throw.Quote(json)}, which is no list of texts.");
        return null;
    }

    /// <summary>The longest input in tokens; null when the file has none.</summary>
    /// <exception cref="InvalidDataException">What stands in its place is no length.</exception>
    public static int? ReadMaxTokens(WeightSource file)
    {
        if (!file.Metadata.TryGetValue(MaxTokens, out var text))
        {
            return null;
        }

        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            || length is < ShortestLength or > LargestLength)
        {
            Throw.InvalidData_File(file.Description, $"'{MaxTokens}' of the metadata is {Throw.Quote(text)}, which is no length.");
        }

        return length;
    }
}
