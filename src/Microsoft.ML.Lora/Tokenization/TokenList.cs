namespace Microsoft.ML.Lora.Tokenization;

/// <summary>Tokens as they are found: their ids, and where each lies in its piece of text when that is asked for.</summary>
internal sealed class TokenList
{
    private int[] _ids = new int[64];
    private (int Start, int End)[] _places = [];

    /// <summary>Gets the number of tokens.</summary>
    public int Count { get; private set; }

    /// <summary>Gets the ids.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    /// <summary>Gets or sets whether places are kept.</summary>
    public bool KeepsPlaces { get; set; }

    /// <summary>Gets or sets the model's own working memory, which lives as long as this list.</summary>
    public object? ModelMemory { get; set; }

    /// <summary>Gets where the tokens lie; empty unless kept.</summary>
    public Span<(int Start, int End)> Places => _places.AsSpan(0, KeepsPlaces ? Count : 0);

    /// <summary>Forgets the tokens.</summary>
    public void Clear() => Count = 0;

    /// <summary>Forgets the tokens after the first <paramref name="count"/>.</summary>
    public void CutTo(int count) => Count = Math.Min(Count, count);

    /// <summary>Adds a token that covers the characters from start to end of the piece.</summary>
    public void Add(int id, int start, int end)
    {
        if (Count == _ids.Length)
        {
            Array.Resize(ref _ids, Count * 2);
        }

        if (KeepsPlaces)
        {
            if (_places.Length < _ids.Length)
            {
                Array.Resize(ref _places, _ids.Length);
            }

            _places[Count] = (start, end);
        }

        _ids[Count++] = id;
    }
}
