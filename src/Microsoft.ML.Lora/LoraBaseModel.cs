using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora;

/// <summary>A pretrained encoder to fine-tune: the one that the package Microsoft.ML.Lora.MiniLM carries, or one of your own.</summary>
public sealed class LoraBaseModel
{
    private readonly Func<BaseModelFiles> _open;

    private LoraBaseModel(string id, bool isEmbedded, Func<BaseModelFiles> open)
    {
        Id = id;
        IsEmbedded = isEmbedded;
        _open = open;
    }

    /// <summary>
    /// all-MiniLM-L6-v2 (6 layers of 384, English), read in place from the assembly Microsoft.ML.Lora.MiniLM, which the
    /// application has to reference. Used when no base model is named.
    /// </summary>
    public static LoraBaseModel Embedded { get; } =
        new("Microsoft.ML.Lora.MiniLM", isEmbedded: true, BaseModelFiles.Embedded);

    /// <summary>What messages and saved models call it: a folder's full path, or the embedded model's assembly.</summary>
    public string Id { get; }

    internal bool IsEmbedded { get; }

    /// <summary>A Hugging Face folder: config.json, model.safetensors (or its shards) and the tokenizer's files.</summary>
    /// <param name="folder">Path of the folder; it is read when training starts, not here.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    public static LoraBaseModel FromFolder(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        string path = Path.GetFullPath(folder);
        return new LoraBaseModel(path, isEmbedded: false, () => BaseModelFiles.FromFolder(path));
    }

    /// <summary>The <see cref="Id"/>.</summary>
    public override string ToString() => Id;

    internal BaseModelFiles Open() => _open();
}
