namespace Microsoft.ML.Lora.Adapters;

/// <summary>A named tensor in memory, row major.</summary>
/// <param name="Shape">Its dimensions, outermost first.</param>
/// <param name="Values">Its elements.</param>
internal sealed record AdapterTensor(IReadOnlyList<int> Shape, float[] Values);

/// <summary>
/// Every trained tensor of a model under its Hugging Face module path: <c>….query.lora_A.weight</c> [r, in],
/// <c>….query.lora_B.weight</c> [out, r], <c>….query.lora_magnitude_vector</c> [out], trained biases and the head
/// (<c>classifier.weight</c>). PEFT's files hold the same names behind <c>base_model.model.</c>
/// </summary>
internal sealed class AdapterState
{
    private readonly SortedDictionary<string, AdapterTensor> _tensors = new(StringComparer.Ordinal);

    /// <summary>The names, in ordinal order.</summary>
    public IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <summary>The tensors in ordinal order of their names.</summary>
    public IEnumerable<KeyValuePair<string, AdapterTensor>> Tensors => _tensors;

    /// <summary>A tensor by its name.</summary>
    public AdapterTensor this[string name]
    {
        get => _tensors[name];
        set => _tensors[name] = value;
    }

    /// <summary>The tensor of that name, or null.</summary>
    public AdapterTensor? Find(string name) => _tensors.GetValueOrDefault(name);
}
