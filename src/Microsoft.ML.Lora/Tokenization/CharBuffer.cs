namespace Microsoft.ML.Lora.Tokenization;

/// <summary>A text that grows, kept for reuse: the working memory of a tokenizer.</summary>
internal sealed class CharBuffer
{
    private char[] _chars = new char[256];

    /// <summary>Gets the number of characters.</summary>
    public int Length { get; private set; }

    /// <summary>Gets the characters.</summary>
    public ReadOnlySpan<char> Span => _chars.AsSpan(0, Length);

    /// <summary>Forgets the content.</summary>
    public void Clear() => Length = 0;

    /// <summary>Adds one UTF-16 unit.</summary>
    public void Append(char c)
    {
        if (Length == _chars.Length)
        {
            Grow(1);
        }

        _chars[Length++] = c;
    }

    /// <summary>Adds a run of UTF-16 units.</summary>
    public void Append(ReadOnlySpan<char> text)
    {
        text.CopyTo(Reserve(text.Length));
        Length += text.Length;
    }

    /// <summary>Adds a code point.</summary>
    public void AppendCodePoint(int codePoint)
    {
        if (codePoint <= char.MaxValue)
        {
            Append((char)codePoint);
            return;
        }

        Append((char)(0xD7C0 + (codePoint >> 10)));
        Append((char)(0xDC00 + (codePoint & 0x3FF)));
    }

    /// <summary>Room for more characters at the end; <see cref="Advance"/> makes them count.</summary>
    public Span<char> Reserve(int count)
    {
        if (_chars.Length - Length < count)
        {
            Grow(count);
        }

        return _chars.AsSpan(Length);
    }

    /// <summary>Counts characters written into what <see cref="Reserve"/> gave.</summary>
    public void Advance(int count) => Length += count;

    private void Grow(int count) =>
        Array.Resize(ref _chars, Math.Max(_chars.Length * 2, checked(Length + count)));
}
