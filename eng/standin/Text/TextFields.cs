namespace Microsoft.ML.Data;

/// <summary>The fields of one line: those that are not empty, by ascending index.</summary>
internal sealed class TextFields
{
    private readonly List<int> _indices = [];
    private readonly List<ReadOnlyMemory<char>> _texts = [];

    /// <summary>How many fields are stored.</summary>
    public int Count => _indices.Count;

    /// <summary>One more than the last field's index; trailing empty fields count.</summary>
    public int Length { get; set; }

    public int IndexAt(int position) => _indices[position];

    public ReadOnlyMemory<char> TextAt(int position) => _texts[position];

    public void Clear()
    {
        _indices.Clear();
        _texts.Clear();
        Length = 0;
    }

    public void Add(int index, ReadOnlyMemory<char> text)
    {
        _indices.Add(index);
        _texts.Add(text);
    }

    /// <summary>Forgets the last field.</summary>
    public void RemoveLast()
    {
        _indices.RemoveAt(_indices.Count - 1);
        _texts.RemoveAt(_texts.Count - 1);
    }

    /// <summary>The position of the first stored field whose index is not below the given one.</summary>
    public int Find(int index)
    {
        // Nearly always nothing is empty before the field, and its position is its index.
        if (index < _indices.Count && _indices[index] == index)
        {
            return index;
        }

        int position = _indices.BinarySearch(index);
        return position < 0 ? ~position : position;
    }
}
