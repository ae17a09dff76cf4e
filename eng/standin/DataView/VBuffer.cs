using System.Collections;

namespace Microsoft.ML.Data;

/// <summary>A vector value, dense or sparse, over arrays that are reused from row to row.</summary>
public readonly struct VBuffer<T> : IEnumerable
{
    public readonly int Length;

    private readonly int _count;
    private readonly T[] _values;
    private readonly int[] _indices;

    public VBuffer(int length, T[] values, int[] indices = null)
    {
        Require(length >= 0, nameof(length));
        Require(length == 0 || values?.Length >= length, nameof(values));
        Length = length;
        _count = length;
        _values = values;
        _indices = indices;
    }

    public VBuffer(int length, int count, T[] values, int[] indices)
    {
        Require(length >= 0, nameof(length));
        Require(count >= 0 && count <= length, nameof(count));
        Require(count == 0 || values?.Length >= count, nameof(values));
        Require(count == 0 || count == length || indices?.Length >= count, nameof(indices));
        Length = length;
        _count = count;
        _values = values;
        _indices = indices;
    }

    public bool IsDense => _count == Length;

    internal T[] ValuesArray => _values;

    internal int[] IndicesArray => _indices;

    public ReadOnlySpan<T> GetValues() => _values.AsSpan(0, _count);

    public ReadOnlySpan<int> GetIndices() => IsDense ? default : _indices.AsSpan(0, _count);

    public void CopyToDense(ref VBuffer<T> destination)
    {
        var editor = VBufferEditor.Create(ref destination, Length);
        if (!editor.CreatedNewValues)
        {
            editor.Values.Clear();
        }

        CopyTo(editor.Values);
        destination = editor.Commit();
    }

    public void CopyTo(ref VBuffer<T> destination)
    {
        var editor = VBufferEditor.Create(ref destination, Length, _count);
        GetValues().CopyTo(editor.Values);
        GetIndices().CopyTo(editor.Indices);
        destination = editor.Commit();
    }

    public void CopyTo(ref VBuffer<T> destination, int sourceIndex, int length)
    {
        Require(sourceIndex >= 0 && sourceIndex <= Length, nameof(sourceIndex));
        Require(length >= 0 && sourceIndex + length <= Length, nameof(length));
        if (IsDense)
        {
            var dense = VBufferEditor.Create(ref destination, length);
            _values.AsSpan(sourceIndex, length).CopyTo(dense.Values);
            destination = dense.Commit();
            return;
        }

        var indices = GetIndices();
        var first = LowerBound(indices, sourceIndex);
        var count = LowerBound(indices, sourceIndex + length) - first;
        var sparse = VBufferEditor.Create(ref destination, length, count);
        for (var i = 0; i < count; i++)
        {
            sparse.Values[i] = _values[first + i];
            if (count < length)
            {
                sparse.Indices[i] = indices[first + i] - sourceIndex;
            }
        }

        destination = sparse.Commit();
    }

    public void CopyTo(Span<T> destination) => CopyTo(destination, 0);

    public void CopyTo(Span<T> destination, int destinationIndex, T defaultValue = default)
    {
        Require(destinationIndex >= 0, nameof(destinationIndex));
        if (destinationIndex > destination.Length - Length)
        {
            throw new ArgumentOutOfRangeException(nameof(destination), "Not large enough to hold these values.");
        }

        var target = destination.Slice(destinationIndex, Length);
        if (IsDense)
        {
            GetValues().CopyTo(target);
            return;
        }

        target.Fill(defaultValue);
        for (var i = 0; i < _count; i++)
        {
            target[_indices[i]] = _values[i];
        }
    }

    public static void Copy(T[] source, int sourceIndex, ref VBuffer<T> destination, int length)
    {
        Require(length >= 0 && length <= (source?.Length ?? 0), nameof(length));
        Require(sourceIndex >= 0 && sourceIndex <= (source?.Length ?? 0) - length, nameof(sourceIndex));
        var editor = VBufferEditor.Create(ref destination, length);
        source.AsSpan(sourceIndex, length).CopyTo(editor.Values);
        destination = editor.Commit();
    }

    public IEnumerable<KeyValuePair<int, T>> Items(bool all = false)
    {
        var position = 0;
        for (var i = 0; i < (all ? Length : _count); i++)
        {
            if (IsDense)
            {
                yield return new(i, _values[i]);
            }
            else if (!all)
            {
                yield return new(_indices[i], _values[i]);
            }
            else
            {
                var present = position < _count && _indices[position] == i;
                yield return new(i, present ? _values[position++] : default);
            }
        }
    }

    public IEnumerable<T> DenseValues() => Items(all: true).Select(item => item.Value);

    public IEnumerator GetEnumerator() => Items(all: true).GetEnumerator();

    public T GetItemOrDefault(int index)
    {
        T value = default;
        GetItemOrDefault(index, ref value);
        return value;
    }

    public void GetItemOrDefault(int index, ref T destination)
    {
        Require(index >= 0 && index < Length, nameof(index));
        if (IsDense)
        {
            destination = _values[index];
            return;
        }

        var position = GetIndices().BinarySearch(index);
        destination = position >= 0 ? _values[position] : default;
    }

    public override string ToString() =>
        IsDense ? $"Dense vector of size {Length}" : $"Sparse vector of size {Length}, {_count} explicit values";

    private static void Require(bool condition, string name)
    {
        if (!condition)
        {
            throw new ArgumentOutOfRangeException(name);
        }
    }

    private static int LowerBound(ReadOnlySpan<int> indices, int value)
    {
        var position = indices.BinarySearch(value);
        return position >= 0 ? position : ~position;
    }
}
