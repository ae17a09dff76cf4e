namespace Microsoft.ML.Lora.Tokenization;

/// <summary>The ids a model reads for a text or a pair and the type of each, in memory that is used again.</summary>
internal sealed class TypedTokens
{
    private int[] _ids = new int[64];
    private int[] _types = new int[64];
    private int _count;

    /// <summary>Gets the token ids.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, _count);

    /// <summary>Gets the type of each token.</summary>
    public ReadOnlySpan<int> TypeIds => _types.AsSpan(0, _count);

    /// <summary>Gets whether any type is not 0.</summary>
    public bool IsTyped { get; private set; }

    /// <summary>Forgets the content.</summary>
    public void Clear()
    {
        _count = 0;
        IsTyped = false;
    }

    /// <summary>Appends tokens of one type.</summary>
    public void Add(ReadOnlySpan<int> ids, int type)
    {
        if (_count + ids.Length > _ids.Length)
        {
            var size = Math.Max(2 * _ids.Length, _count + ids.Length);
            Array.Resize(ref _ids, size);
            Array.Resize(ref _types, size);
        }

        ids.CopyTo(_ids.AsSpan(_count));
        _types.AsSpan(_count, ids.Length).Fill(type);
        _count += ids.Length;
        IsTyped |= type != 0 && ids.Length > 0;
    }
}
