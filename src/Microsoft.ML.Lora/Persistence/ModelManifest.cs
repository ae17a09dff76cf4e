using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tasks;
using Microsoft.ML.Lora.Training;

namespace Microsoft.ML.Lora.Persistence;

/// <summary>What manifest.json holds: everything about a saved model that is in no other file, and the other files' hashes.</summary>
internal sealed record ModelManifest
{
    /// <summary>The newest archive format that this library reads; it came with models without low-rank updates.</summary>
    public const int CurrentFormat = 2;

    /// <summary>The archive format of models with low-rank updates.</summary>
    public const int FormatOfUpdates = 1;

    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        WriteIndented = true,
        NewLine = "\n",
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public required int FormatVersion { get; init; }

    public required string LibraryVersion { get; init; }

    public required ManifestBase Base { get; init; }

    public required ColumnNames Columns { get; init; }

    public required LabelSet Labels { get; init; }

    public required int MaxTokens { get; init; }

    public required long TotalParameters { get; init; }

    public required string Pooling { get; init; }

    /// <summary>What was trained; format 1 is of low-rank updates alone and does not say it.</summary>
    public FineTuning FineTuning { get; init; }

    public required TrainingRecord Training { get; init; }

    public required IReadOnlyList<ManifestFile> Files { get; init; }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, _json);

    /// <exception cref="InvalidDataException">It is no manifest, or one of a later format.</exception>
    public static ModelManifest Parse(byte[] utf8)
    {
        ModelManifest? manifest;
        try
        {
            manifest = JsonSerializer.Deserialize<ModelManifest>(utf8, _json);
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"The entry manifest.json is damaged: {error.Message}", error);
        }
        if (manifest is null || manifest.FormatVersion > CurrentFormat)
        {
            throw new InvalidDataException(
                $"The entry manifest.json has format version {manifest?.FormatVersion}, and this library reads up to " +
                $"{CurrentFormat}: load the model with the Microsoft.ML.Lora that wrote it, or a later one.");
        }
        return manifest;
    }
}

/// <summary>The base model of a saved model.</summary>
/// <param name="Kind">The kind of place it comes from.</param>
/// <param name="Id">The assembly's name, the folder, or the hub's id.</param>
/// <param name="Revision">The hub's revision; null elsewhere.</param>
/// <param name="Sha256">The SHA-256 of its weights.</param>
/// <param name="Included">Whether the archive carries the weights.</param>
internal sealed record ManifestBase(BaseKind Kind, string Id, string? Revision, string Sha256, bool Included);

/// <summary>A file of the archive.</summary>
internal sealed record ManifestFile(string Name, long Bytes, string Sha256);
