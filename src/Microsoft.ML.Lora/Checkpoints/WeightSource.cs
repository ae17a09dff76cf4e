namespace Microsoft.ML.Lora.Checkpoints;

/// <summary>The named tensors of a checkpoint, wherever they lie; reading is safe from several threads at once.</summary>
internal abstract class WeightSource : IDisposable
{
    /// <summary>Gets the file's or folder's name for messages.</summary>
    public abstract string Description { get; }

    /// <summary>Gets the names of all tensors.</summary>
    public abstract IReadOnlyCollection<string> Names { get; }

    /// <summary>Gets the texts stored beside the tensors (safetensors <c>__metadata__</c>); empty when none.</summary>
    public virtual IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string>();

    /// <summary>Finds a tensor by its exact name; null when there is none.</summary>
    public abstract StoredTensor? Find(string name);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the files.</summary>
    protected abstract void Dispose(bool disposing);
}
