namespace Microsoft.ML.Data;

/// <summary>Makes editors that write a vector into the arrays of an older one where they are large enough.</summary>
public static class VBufferEditor
{
    public static VBufferEditor<T> CreateFromBuffer<T>(ref VBuffer<T> destination) =>
        Create(ref destination, destination.Length, destination.GetValues().Length, keepOldOnResize: true);

    public static VBufferEditor<T> Create<T>(
        ref VBuffer<T> destination,
        int newLogicalLength,
        int? valuesCount = null,
        int? maxValuesCapacity = null,
        bool keepOldOnResize = false,
        bool requireIndicesOnDense = false)
    {
        if (newLogicalLength < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(newLogicalLength), "Must be non-negative.");
        }

        var count = valuesCount ?? newLogicalLength;
        if (count < 0 || count > newLogicalLength)
        {
            throw new ArgumentOutOfRangeException(nameof(valuesCount),
                "Must be between 0 and newLogicalLength inclusive.");
        }

        var capacity = maxValuesCapacity ?? newLogicalLength;
        var values = Resize(destination.ValuesArray, count, capacity, keepOldOnResize, out var newValues);
        var indices = destination.IndicesArray;
        var newIndices = false;
        if (count < newLogicalLength || requireIndicesOnDense)
        {
            indices = Resize(indices, count, capacity, keepOldOnResize, out newIndices);
        }

        return new VBufferEditor<T>(newLogicalLength, count, values, indices, requireIndicesOnDense, newValues,
            newIndices);
    }

    private static T[] Resize<T>(T[] array, int count, int capacity, bool keep, out bool created)
    {
        created = (array?.Length ?? 0) < count;
        if (!created)
        {
            return array ?? [];
        }

        var room = Math.Max(count, Math.Min(capacity, (array?.Length ?? 0) * 2));
        if (keep)
        {
            Array.Resize(ref array, room);
            return array;
        }

        return new T[room];
    }
}

/// <summary>Write access to the values and indices of a vector under construction.</summary>
public readonly ref struct VBufferEditor<T>
{
    public readonly Span<T> Values;

    public readonly Span<int> Indices;

    private readonly int _logicalLength;
    private readonly T[] _values;
    private readonly int[] _indices;

    internal VBufferEditor(int logicalLength, int count, T[] values, int[] indices, bool indicesOnDense,
        bool createdNewValues, bool createdNewIndices)
    {
        _logicalLength = logicalLength;
        _values = values;
        _indices = indices;
        CreatedNewValues = createdNewValues;
        CreatedNewIndices = createdNewIndices;
        Values = values.AsSpan(0, count);
        Indices = count == logicalLength && !indicesOnDense ? default : indices.AsSpan(0, count);
    }

    public bool CreatedNewValues { get; }

    public bool CreatedNewIndices { get; }

    public VBuffer<T> Commit() => new(_logicalLength, Values.Length, _values, _indices);

    public VBuffer<T> CommitTruncated(int physicalValuesCount)
    {
        if (physicalValuesCount < 0 || physicalValuesCount > Values.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(physicalValuesCount),
                "Must be less than or equal to the number of values.");
        }

        return new VBuffer<T>(_logicalLength, physicalValuesCount, _values, _indices);
    }
}
