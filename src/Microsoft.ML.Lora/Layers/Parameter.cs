using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Layers;

/// <summary>What a trained tensor is; optimisers treat some apart.</summary>
internal enum ParameterRole
{
    /// <summary>A weight matrix or an embedding table.</summary>
    Weight,

    /// <summary>A bias.</summary>
    Bias,

    /// <summary>The factors of a layer norm.</summary>
    NormWeight,

    /// <summary>A of a low-rank update.</summary>
    LoraA,

    /// <summary>B of a low-rank update.</summary>
    LoraB,

    /// <summary>The row lengths of a DoRA layer.</summary>
    Magnitude,
}

/// <summary>A trained tensor: a name, a shape, and its place in the flat buffers of values, gradients and moments.</summary>
internal sealed class Parameter
{
    private readonly ParameterSet _owner;

    internal Parameter(ParameterSet owner, string name, ParameterRole role, int[] shape, long offset)
    {
        _owner = owner;
        Name = name;
        Role = role;
        Shape = shape;
        Offset = offset;
        Columns = shape[^1];
        Rows = shape.Length == 1 ? 1 : shape[0];
    }

    /// <summary>Its Hugging Face path.</summary>
    public string Name { get; }

    /// <summary>What it is.</summary>
    public ParameterRole Role { get; }

    /// <summary>Whether it belongs to the head, which may learn at a rate of its own.</summary>
    public bool IsHead { get; set; }

    /// <summary>One or two dimensions.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>Rows of its matrix view; 1 for a vector.</summary>
    public int Rows { get; }

    /// <summary>Columns of its matrix view.</summary>
    public int Columns { get; }

    /// <summary>Index of its first element in each flat buffer.</summary>
    public long Offset { get; }

    /// <summary>Number of elements.</summary>
    public int Count => Rows * Columns;

    /// <summary>Its values.</summary>
    public Matrix Value => In(_owner.Values);

    /// <summary>Its part of a flat buffer.</summary>
    public Matrix In(AlignedBuffer buffer) => buffer.AsMatrix(Rows, Columns, Offset);
}

/// <summary>
/// Every trained tensor of a model, side by side in one flat buffer, so that summing, clipping and updating are loops over one
/// array.
/// </summary>
internal sealed class ParameterSet : IDisposable
{
    private const int Granularity = AlignedBuffer.Alignment / sizeof(float);

    private readonly List<Parameter> _parameters = [];
    private AlignedBuffer? _values;

    /// <summary>The tensors in the order they were added.</summary>
    public IReadOnlyList<Parameter> All => _parameters;

    /// <summary>Length of a flat buffer, gaps for alignment included.</summary>
    public long Length { get; private set; }

    /// <summary>Number of trained numbers.</summary>
    public long Count => _parameters.Sum(parameter => (long)parameter.Count);

    /// <summary>The values; adding ends with the first use.</summary>
    public AlignedBuffer Values => _values ??= CreateBuffer();

    /// <summary>Adds a tensor of zeros.</summary>
    public Parameter Add(string name, ParameterRole role, params int[] shape)
    {
        if (_values is not null)
        {
            throw new InvalidOperationException($"'{name}' is added after the parameters were laid out.");
        }

        var parameter = new Parameter(this, name, role, shape, Length);
        _parameters.Add(parameter);
        Length += (parameter.Count + Granularity - 1) / Granularity * Granularity;
        return parameter;
    }

    /// <summary>A zeroed flat buffer for gradients or moments.</summary>
    public AlignedBuffer CreateBuffer() => new(Length);

    /// <inheritdoc/>
    public void Dispose() => _values?.Dispose();
}
