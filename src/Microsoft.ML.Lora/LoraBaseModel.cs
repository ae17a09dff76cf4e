using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Checkpoints.Hub;
using Microsoft.ML.Lora.Persistence;

namespace Microsoft.ML.Lora;

/// <summary>
/// A pretrained encoder to fine-tune: the one that the package Microsoft.ML.Lora.MiniLM carries, one in a folder, or one on
/// the Hugging Face hub.
/// </summary>
public sealed class LoraBaseModel
{
    private readonly BaseModelFiles? _files;

    private LoraBaseModel(BaseKind kind, string id, string? revision)
        : this(new BaseOrigin(kind, id, revision), null)
    {
    }

    internal LoraBaseModel(BaseOrigin origin, BaseModelFiles? files) => (Origin, _files) = (origin, files);

    /// <summary>
    /// all-MiniLM-L6-v2 (6 layers of 384, English), read in place from the assembly Microsoft.ML.Lora.MiniLM, which the
    /// application has to reference. Used when no base model is named.
    /// </summary>
    public static LoraBaseModel Embedded { get; } = new(BaseKind.Embedded, BaseOrigin.EmbeddedId, null);

    /// <summary>What messages and saved models call it: a folder's full path, the hub's id, or the embedded model's assembly.</summary>
    public string Id => Origin.Id;

    internal BaseOrigin Origin { get; }

    /// <summary>Its files: those it was made of, else those at its place.</summary>
    internal BaseModelFiles Open(IProgress<HubProgress>? progress, CancellationToken cancellation) =>
        _files ?? Origin.Open(progress, cancellation);

    /// <summary>A Hugging Face folder: config.json, model.safetensors (or its shards) and the tokenizer's files.</summary>
    /// <param name="folder">Path of the folder; it is read when training starts, not here.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public static LoraBaseModel FromFolder(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        return new LoraBaseModel(BaseKind.Folder, Path.GetFullPath(folder), null);
    }

    /// <summary>
    /// A model on the Hugging Face hub, fetched when training starts into the hub's own cache, which Python shares. The
    /// variables HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE, HF_ENDPOINT, HF_TOKEN and HTTPS_PROXY are honoured.
    /// </summary>
    /// <param name="model">The model's id, such as <c>intfloat/multilingual-e5-small</c>.</param>
    /// <param name="revision">A branch, tag or commit; a commit makes sure that the model stays the same.</param>
    /// <exception cref="ArgumentException">The id or the revision is empty.</exception>
    public static LoraBaseModel FromHub(string model, string revision = "main")
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(model);
        ArgumentException.ThrowIfNullOrWhiteSpace(revision);
        return new LoraBaseModel(BaseKind.Hub, model, revision);
    }

    /// <summary>The <see cref="Id"/>, with the revision of a model on the hub.</summary>
    public override string ToString() => Origin.Revision is null ? Id : $"{Id}@{Origin.Revision}";
}
