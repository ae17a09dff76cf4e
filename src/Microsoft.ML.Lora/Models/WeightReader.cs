using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Models;

/// <summary>
/// Looks up a model's tensors in a checkpoint, with or without the family's prefix and under old names, and collects all that is
/// missing or of another shape into one error.
/// </summary>
internal sealed class WeightReader(WeightSource source, string prefix)
{
    private static readonly (string New, string Old)[] _oldNames =
    [
        ("LayerNorm.weight", "LayerNorm.gamma"),
        ("LayerNorm.bias", "LayerNorm.beta"),
    ];

    private readonly List<string> _problems = [];

    // Stands in for a tensor that is not there until all problems are collected; nothing reads it.
    private readonly Lazy<MappedMemory> _nothing = new(() => MappedMemory.FromArray([]));

    /// <summary>The tensor of that path if the checkpoint has it with that shape.</summary>
    public StoredTensor? Find(string path, params ReadOnlySpan<long> shape)
    {
        StoredTensor? tensor = Lookup(path);
        return tensor is not null && tensor.HasShape(shape) ? tensor : null;
    }

    /// <summary>A tensor that has to be there.</summary>
    public StoredTensor Tensor(string path, params ReadOnlySpan<long> shape)
    {
        StoredTensor? tensor = Lookup(path);
        if (tensor is not null && tensor.HasShape(shape) && tensor.Type.IsFloat())
        {
            return tensor;
        }

        string wanted = $"[{string.Join(", ", shape.ToArray())}]";
        _problems.Add(
            tensor is null ? $"missing {path} {wanted}"
            : tensor.Type.IsFloat() ? $"{tensor.Name} is {tensor.ShapeText}, expected {wanted}"
            : $"{tensor.Name} is stored as {tensor.Type.Name()}, expected F32, F16, BF16 or F64");
        return new StoredTensor(path, StorageType.F32, shape.ToArray(), source.Description, _nothing.Value, 0);
    }

    /// <summary>A vector that has to be there.</summary>
    public float[] Vector(string path, int length) => Values(path, length);

    /// <summary>All numbers of a tensor that has to be there.</summary>
    public float[] Values(string path, params ReadOnlySpan<long> shape)
    {
        int before = _problems.Count;
        StoredTensor tensor = Tensor(path, shape);
        return _problems.Count == before ? tensor.ToArray() : new float[tensor.ElementCount];
    }

    /// <summary>A linear layer's weight [out, in], and its bias when it has one.</summary>
    public FrozenLinear Linear(string path, int inFeatures, int outFeatures, bool bias = true) => new(
        path,
        Tensor(path + ".weight", outFeatures, inFeatures),
        bias ? Vector(path + ".bias", outFeatures) : null);

    /// <summary>A layer norm's factors, and its bias when it has one.</summary>
    public NormLayer Norm(string path, int width, float eps, bool bias = true) => new(
        path, Vector(path + ".weight", width), bias ? Vector(path + ".bias", width) : null, eps);

    /// <summary>A table of vectors.</summary>
    public EmbeddingTable Table(string path, int count, int width) => new(path, Tensor(path + ".weight", count, width));

    /// <summary>Throws when anything was missing or of another shape, naming all of it.</summary>
    /// <exception cref="InvalidDataException">There were problems.</exception>
    public void ThrowIfIncomplete(string modelType)
    {
        if (_problems.Count > 0)
        {
            Throw.InvalidData_Problems(
                source.Description, $"the weights do not fit config.json's model_type '{modelType}' and sizes", _problems);
        }
    }

    private StoredTensor? Lookup(string path)
    {
        string bare = path.StartsWith(prefix, StringComparison.Ordinal) ? path[prefix.Length..] : path;
        return source.Find(path) ?? source.Find(bare) ?? LookupOld(path) ?? LookupOld(bare);
    }

    private StoredTensor? LookupOld(string path)
    {
        foreach ((string current, string old) in _oldNames)
        {
            if (path.EndsWith(current, StringComparison.Ordinal))
            {
                return source.Find(path[..^current.Length] + old);
            }
        }

        return null;
    }
}
