using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Persistence;

/// <summary>A base model's files out of an archive; what it does not carry comes from where the base model was.</summary>
internal sealed class ArchivedModelFiles(IReadOnlyDictionary<string, byte[]> files, BaseModelFiles? others) : BaseModelFiles
{
    public override string Description => others?.Description ?? "the saved model";

    public override bool Exists(string name) => files.ContainsKey(name) || others?.Exists(name) == true;

    public override string NameForMessages(string name) =>
        files.ContainsKey(name) || others is null ? $"entry {name} of the saved model" : others.NameForMessages(name);

    protected override Stream OpenExisting(string name) =>
        files.TryGetValue(name, out byte[]? bytes) ? new MemoryStream(bytes, writable: false) : others!.Open(name);

    protected internal override MappedMemory Map(string name) =>
        files.TryGetValue(name, out byte[]? bytes) ? MappedMemory.FromArray(bytes) : others!.Map(name);
}
