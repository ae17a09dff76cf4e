namespace Microsoft.ML.Lora.Tokenization.Models;

/// <summary>The symbols of one piece while byte-pair encoding merges them.</summary>
internal sealed class BpeWord
{
    // Up to here, looking through all pairs for each merge is faster than keeping a queue.
    private const int ShortWord = 24;

    private (int Id, int Length)[] _symbols = new (int, int)[64];
    private int[] _next = [];
    private int[] _previous = [];
    private int _count;

    /// <summary>Forgets the symbols.</summary>
    public void Clear() => _count = 0;

    /// <summary>Adds a symbol that stands for a number of characters.</summary>
    public void Add(int id, int length)
    {
        if (_count == _symbols.Length)
        {
            Array.Resize(ref _symbols, _count * 2);
        }

        _symbols[_count++] = (id, length);
    }

    /// <summary>Whether the last symbol is this one.</summary>
    public bool EndsWith(int id) => _count > 0 && _symbols[_count - 1].Id == id;

    /// <summary>Lets the last symbol stand for more characters.</summary>
    public void Lengthen(int length)
    {
        if (_count > 0)
        {
            _symbols[_count - 1].Length += length;
        }
    }

    /// <summary>The symbols.</summary>
    public (int Id, int Length)[] ToArray() => _symbols[.._count];

    /// <summary>Merges until no pair has a merge: lowest rank first, of equal ranks the leftmost.</summary>
    public void Merge(PairTable merges)
    {
        if (_count <= ShortWord)
        {
            MergeShort(merges);
        }
        else
        {
            MergeLong(merges);
        }
    }

    private void MergeShort(PairTable merges)
    {
        while (true)
        {
            var best = (Rank: int.MaxValue, Symbol: 0);
            var place = -1;
            for (var i = 0; i + 1 < _count; i++)
            {
                if (merges.TryGet(_symbols[i].Id, _symbols[i + 1].Id, out var merge) && merge.Rank < best.Rank)
                {
                    best = merge;
                    place = i;
                }
            }

            if (place < 0)
            {
                return;
            }

            _symbols[place] = (best.Symbol, _symbols[place].Length + _symbols[place + 1].Length);
            Array.Copy(_symbols, place + 2, _symbols, place + 1, _count - place - 2);
            _count--;
        }
    }

    // The same with a queue of candidate merges and a linked list of symbols: n log n.
    private void MergeLong(PairTable merges)
    {
        Link();
        var queue = new PriorityQueue<(int Place, int Symbol), (int Rank, int Place)>();
        for (var i = 0; i + 1 < _count; i++)
        {
            Offer(i);
        }

        while (queue.TryDequeue(out var candidate, out _))
        {
            var place = candidate.Place;
            var right = _next[place];

            // Either symbol may have been merged away since the candidate was put there.
            if (_symbols[place].Id < 0 || right >= _count
                || !merges.TryGet(_symbols[place].Id, _symbols[right].Id, out var merge) || merge.Symbol != candidate.Symbol)
            {
                continue;
            }

            _symbols[place] = (merge.Symbol, _symbols[place].Length + _symbols[right].Length);
            _symbols[right] = (-1, 0);
            _next[place] = _next[right];
            if (_next[place] < _count)
            {
                _previous[_next[place]] = place;
                Offer(place);
            }

            if (_previous[place] >= 0)
            {
                Offer(_previous[place]);
            }
        }

        _count = Compact();

        void Offer(int place)
        {
            if (merges.TryGet(_symbols[place].Id, _symbols[_next[place]].Id, out var merge))
            {
                queue.Enqueue((place, merge.Symbol), (merge.Rank, place));
            }
        }
    }

    private void Link()
    {
        if (_next.Length < _count)
        {
            _next = new int[_symbols.Length];
            _previous = new int[_symbols.Length];
        }

        for (var i = 0; i < _count; i++)
        {
            _next[i] = i + 1;
            _previous[i] = i - 1;
        }
    }

    private int Compact()
    {
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            if (_symbols[i].Id >= 0)
            {
                _symbols[kept++] = _symbols[i];
            }
        }

        return kept;
    }
}
