namespace Microsoft.ML.Lora.Tokenization;

/// <summary>
/// A normalized text cut into pieces. A pre-tokenizer either keeps parts of the pieces (<see cref="Keep"/>, then
/// <see cref="EndCut"/>) or writes new text for them (<see cref="BeginPiece"/>, <see cref="Write"/>,
/// <see cref="EndPiece"/>, then <see cref="EndRewrite"/>).
/// </summary>
internal sealed class Pieces
{
    private CharBuffer _text = new();
    private CharBuffer _newText = new();
    private (int Start, int Length)[] _ranges = new (int, int)[64];
    private (int Start, int Length)[] _newRanges = new (int, int)[64];
    private List<int>? _origins;
    private List<int> _newOrigins = [];
    private int _newCount;
    private int _pieceStart;

    /// <summary>Gets the number of pieces.</summary>
    public int Count { get; private set; }

    /// <summary>Gets whether the text's beginning is that of the whole input, not what follows a special token.</summary>
    public bool StartsInput { get; private set; }

    /// <summary>Gets a piece's text.</summary>
    public ReadOnlySpan<char> this[int index] => _text.Span.Slice(_ranges[index].Start, _ranges[index].Length);

    /// <summary>Whether a piece begins the whole input.</summary>
    public bool BeginsInput(int piece) => StartsInput && _ranges[piece].Start == 0;

    /// <summary>Begins with one text, not cut yet; the caller appends it to the result.</summary>
    /// <param name="startsInput">See <see cref="StartsInput"/>.</param>
    public CharBuffer Begin(bool startsInput)
    {
        StartsInput = startsInput;
        _text.Clear();
        Count = 0;
        _newCount = 0;
        return _text;
    }

    /// <summary>Ends the appending of the text.</summary>
    /// <param name="tracksOrigins">Whether to follow where rewritten characters come from.</param>
    public void EndBegin(bool tracksOrigins)
    {
        _origins = tracksOrigins ? [.. Enumerable.Range(0, _text.Length)] : null;
        _ranges[0] = (0, _text.Length);
        Count = _text.Length > 0 ? 1 : 0;
    }

    /// <summary>Keeps a part of a piece as a new piece; an empty part is left out.</summary>
    public void Keep(int piece, int start, int length)
    {
        if (length > 0)
        {
            AddRange(_ranges[piece].Start + start, length);
        }
    }

    /// <summary>Replaces the pieces by what was kept.</summary>
    public void EndCut()
    {
        (_ranges, _newRanges) = (_newRanges, _ranges);
        Count = _newCount;
        _newCount = 0;
    }

    /// <summary>Begins a piece of new text.</summary>
    public void BeginPiece() => _pieceStart = _newText.Length;

    /// <summary>Writes a character of new text that stands for the one at <paramref name="index"/> of a piece.</summary>
    public void Write(char c, int piece, int index)
    {
        _newText.Append(c);
        if (_origins is not null)
        {
            var place = _ranges[piece].Start + index;
            _newOrigins.Add(place < _origins.Count ? _origins[place] : EndOrigin());
        }
    }

    /// <summary>Ends a piece of new text; an empty one is left out.</summary>
    public void EndPiece()
    {
        if (_newText.Length > _pieceStart)
        {
            AddRange(_pieceStart, _newText.Length - _pieceStart);
        }
    }

    /// <summary>Replaces the pieces by what was written.</summary>
    public void EndRewrite()
    {
        (_text, _newText) = (_newText, _text);
        _newText.Clear();
        if (_origins is not null)
        {
            (_origins, _newOrigins) = (_newOrigins, _origins);
            _newOrigins.Clear();
        }

        EndCut();
    }

    /// <summary>Where characters of a piece lie in the text as it was before any rewriting.</summary>
    public (int Start, int End) Origin(int piece, int start, int end)
    {
        var first = _ranges[piece].Start;
        if (_origins is null)
        {
            return (first + start, first + end);
        }

        return start == end
            ? (_origins[first + start], _origins[first + start])
            : (_origins[first + start], _origins[first + end - 1] + 1);
    }

    private int EndOrigin() => _origins!.Count == 0 ? 0 : _origins[^1] + 1;

    private void AddRange(int start, int length)
    {
        if (_newCount == _newRanges.Length)
        {
            Array.Resize(ref _newRanges, _newCount * 2);
        }

        _newRanges[_newCount++] = (start, length);
    }
}
