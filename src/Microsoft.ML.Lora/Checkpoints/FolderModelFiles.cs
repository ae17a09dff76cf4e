using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Checkpoints;

/// <summary>A model's files in a folder.</summary>
internal sealed class FolderModelFiles : BaseModelFiles
{
    private readonly string _folder;

    /// <summary>Names the folder, which must exist.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public FolderModelFiles(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        _folder = Path.GetFullPath(folder);
        if (!Directory.Exists(_folder))
        {
            throw new DirectoryNotFoundException(
                $"There is no folder '{_folder}'. A base model is a folder with config.json, model.safetensors and the tokenizer's files, as downloaded from the Hugging Face hub.");
        }
    }

    /// <inheritdoc/>
    public override string Description => _folder;

    /// <inheritdoc/>
    public override bool Exists(string name) => ModelPath.IsPlainPath(name) && File.Exists(PathOf(name));

    /// <inheritdoc/>
    public override string NameForMessages(string name) => PathOf(name);

    /// <inheritdoc/>
    protected override Stream OpenExisting(string name) =>
        new FileStream(PathOf(name), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);

    /// <inheritdoc/>
    protected internal override MappedMemory Map(string name) => MappedMemory.OpenFile(PathOf(name));

    private string PathOf(string name) => Path.Combine(_folder, Path.Combine(name.Split('/')));
}
