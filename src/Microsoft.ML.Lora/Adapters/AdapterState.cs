using System.Runtime.InteropServices;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>A named tensor in memory, row major.</summary>
/// <param name="Shape">Its dimensions, outermost first.</param>
/// <param name="Values">Its elements.</param>
internal sealed record AdapterTensor(IReadOnlyList<int> Shape, float[] Values)
{
    /// <summary>How a file holds the elements: what was read from F16, BF16 or F64 is written as such again, all else as F32.</summary>
    public StorageType Type { get; private init; } = StorageType.F32;

    // What Values is rounded from where a file held F64; null otherwise.
    private double[]? Doubles { get; init; }

    /// <summary>A copy of a tensor of a file, of floating-point numbers and with sizes that an int holds.</summary>
    public static AdapterTensor Of(StoredTensor stored) =>
        new([.. stored.Shape.ToArray().Select(size => checked((int)size))], stored.ToArray())
        {
            Type = stored.Type,
            Doubles = stored.Type == StorageType.F64 ? stored.ToDoubles() : null,
        };

    /// <summary>The tensor for a file, its elements as they were read.</summary>
    public TensorToWrite ToWrite(string name) => Doubles is null
        ? TensorToWrite.Floats(name, LongShape(), Values, Type)
        : TensorToWrite.Doubles(name, LongShape(), Doubles);

    /// <summary>The tensor for a file of F32.</summary>
    public TensorToWrite ToWriteAsFloats(string name) => TensorToWrite.Floats(name, LongShape(), Values);

    /// <summary>Whether another tensor has the same sizes and, bit for bit, elements as the engine has them.</summary>
    public bool IsSameAs(AdapterTensor other) => Shape.SequenceEqual(other.Shape)
        && MemoryMarshal.AsBytes<float>(Values).SequenceEqual(MemoryMarshal.AsBytes<float>(other.Values));

    private long[] LongShape() => [.. Shape.Select(size => (long)size)];
}

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

    /// <summary>A copy of what a flat buffer holds for every trained tensor: its values, or a gradient.</summary>
    public static AdapterState From(ParameterSet parameters, AlignedBuffer buffer)
    {
        var state = new AdapterState();
        foreach (Parameter parameter in parameters.All)
        {
            state[parameter.Name] = new AdapterTensor(parameter.Shape, parameter.In(buffer).Span.ToArray());
        }

        return state;
    }

    /// <summary>A state with the same tensors, which may be replaced.</summary>
    public AdapterState Clone()
    {
        var clone = new AdapterState();
        foreach ((string name, AdapterTensor tensor) in _tensors)
        {
            clone[name] = tensor;
        }

        return clone;
    }

    /// <summary>Has what is still what a file held stored as it was there: in its type, and in F64 with all its digits.</summary>
    public void KeepStored(AdapterState read)
    {
        foreach ((string name, AdapterTensor tensor) in read.Tensors)
        {
            if (Find(name) is { } own && own.IsSameAs(tensor))
            {
                this[name] = tensor;
            }
        }
    }

    /// <summary>Copies every tensor to the parameter of its name.</summary>
    /// <exception cref="ArgumentException">Some are missing, unknown or of another shape; the message names all of them.</exception>
    public void CopyTo(ParameterSet parameters)
    {
        var problems = new List<string>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (Parameter parameter in parameters.All)
        {
            known.Add(parameter.Name);
            AdapterTensor? tensor = Find(parameter.Name);
            if (tensor is null)
            {
                problems.Add($"missing {parameter.Name} [{string.Join(", ", parameter.Shape)}]");
            }
            else if (!tensor.Shape.SequenceEqual(parameter.Shape))
            {
                problems.Add(
                    $"{parameter.Name} is [{string.Join(", ", tensor.Shape)}], expected [{string.Join(", ", parameter.Shape)}]");
            }
        }

        problems.AddRange(Names.Where(name => !known.Contains(name)).Select(name => $"unexpected {name}"));
        if (problems.Count > 0)
        {
            Throw.Argument_AdapterMismatch(problems);
        }

        foreach (Parameter parameter in parameters.All)
        {
            this[parameter.Name].Values.CopyTo(parameter.Value.Span);
        }
    }
}
