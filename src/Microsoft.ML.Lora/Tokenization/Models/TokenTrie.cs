namespace Microsoft.ML.Lora.Tokenization.Models;

/// <summary>
/// The tokens of a vocabulary as a tree of UTF-16 units, in one hash table of (node, unit) → node: a step is one
/// probe, whatever the vocabulary's size.
/// </summary>
internal sealed class TokenTrie
{
    /// <summary>The node of the empty text.</summary>
    public const int Root = 0;

    /// <summary>No such node, or no token ends here.</summary>
    public const int None = -1;

    private long[] _keys = new long[1 << 10];
    private int[] _children = new int[1 << 10];
    private int[] _tokens = new int[256];
    private int _nodes = 1;

    public TokenTrie() => _tokens[Root] = None;

    /// <summary>Adds a token; the id of the same text added before is replaced.</summary>
    public void Add(ReadOnlySpan<char> token, int id)
    {
        var node = Root;
        foreach (var c in token)
        {
            var next = Step(node, c);
            node = next != None ? next : AddNode(node, c);
        }

        _tokens[node] = id;
    }

    /// <summary>The node that a unit leads to; <see cref="None"/> when no token goes on like that.</summary>
    public int Step(int node, char c)
    {
        var keys = _keys;
        var key = Key(node, c);
        for (var slot = Slot(key, keys.Length); ; slot = (slot + 1) & (keys.Length - 1))
        {
            var found = keys[slot];
            if (found == key)
            {
                return _children[slot];
            }

            if (found == 0)
            {
                return None;
            }
        }
    }

    /// <summary>The node that a text leads to from the root.</summary>
    public int Walk(ReadOnlySpan<char> text)
    {
        var node = Root;
        foreach (var c in text)
        {
            node = Step(node, c);
            if (node == None)
            {
                break;
            }
        }

        return node;
    }

    /// <summary>The token that ends at a node; <see cref="None"/> when there is none.</summary>
    public int TokenAt(int node) => _tokens[node];

    // One more than the pair, so that no key is zero, which marks an empty slot.
    private static long Key(int node, char c) => (((long)node << 16) | c) + 1;

    private static int Slot(long key, int size) =>
        (int)(((ulong)key * 0x9E3779B97F4A7C15UL) >> 32) & (size - 1);

    private int AddNode(int parent, char c)
    {
        if (_nodes * 2 >= _keys.Length)
        {
            Grow();
        }

        if (_nodes == _tokens.Length)
        {
            Array.Resize(ref _tokens, _nodes * 2);
        }

        _tokens[_nodes] = None;
        Put(_keys, _children, Key(parent, c), _nodes);
        return _nodes++;
    }

    private void Grow()
    {
        var keys = new long[_keys.Length * 2];
        var children = new int[keys.Length];
        for (var i = 0; i < _keys.Length; i++)
        {
            if (_keys[i] != 0)
            {
                Put(keys, children, _keys[i], _children[i]);
            }
        }

        _keys = keys;
        _children = children;
    }

    private static void Put(long[] keys, int[] children, long key, int child)
    {
        var slot = Slot(key, keys.Length);
        while (keys[slot] != 0)
        {
            slot = (slot + 1) & (keys.Length - 1);
        }

        keys[slot] = key;
        children[slot] = child;
    }
}
