namespace Microsoft.ML.Lora.Tokenization.Models;

/// <summary>The merges of byte-pair encoding: two symbols → the rank of their merge and the symbol it gives.</summary>
internal sealed class PairTable
{
    private readonly long[] _keys;
    private readonly (int Rank, int Symbol)[] _merges;

    /// <summary>Takes the merges in the order of their ranks; the first of equal pairs counts less, as in the reference.</summary>
    public PairTable(IReadOnlyList<(int Left, int Right, int Symbol)> merges)
    {
        var size = 16;
        while (size < merges.Count * 2L)
        {
            size *= 2;
        }

        _keys = new long[size];
        _merges = new (int, int)[size];
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right, symbol) = merges[rank];
            var slot = Find(Key(left, right));
            _keys[slot] = Key(left, right);
            _merges[slot] = (rank, symbol);
        }
    }

    /// <summary>Looks up a pair.</summary>
    public bool TryGet(int left, int right, out (int Rank, int Symbol) merge)
    {
        var slot = Find(Key(left, right));
        merge = _merges[slot];
        return _keys[slot] != 0;
    }

    // One more than the pair, so that no key is zero, which marks an empty slot.
    private static long Key(int left, int right) => (((long)left << 32) | (uint)right) + 1;

    private int Find(long key)
    {
        var slot = (int)(((ulong)key * 0x9E3779B97F4A7C15UL) >> 32) & (_keys.Length - 1);
        while (_keys[slot] != 0 && _keys[slot] != key)
        {
            slot = (slot + 1) & (_keys.Length - 1);
        }

        return slot;
    }
}
