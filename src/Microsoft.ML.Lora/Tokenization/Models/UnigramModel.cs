using System.Globalization;
using System.Text;

namespace Microsoft.ML.Lora.Tokenization.Models;

/// <summary>
/// SentencePiece's unigram model: of all ways to cut a piece into tokens, the one whose log-probabilities add up to
/// the most. What no token covers is the unknown token, neighbouring ones as one.
/// </summary>
internal sealed class UnigramModel : ITokenModel
{
    private const double UnknownPenalty = 10;

    private readonly string[] _tokens;
    private readonly double[] _scores;
    private readonly Dictionary<string, int> _ids;
    private readonly TokenTrie _trie = new();
    private readonly int _unknown;
    private readonly double _unknownScore;
    private readonly bool _byteFallback;

    /// <summary>Takes the tokens with their log-probabilities; a token's id is its place.</summary>
    /// <param name="vocabulary">The tokens.</param>
    /// <param name="unknown">The unknown token's id.</param>
    /// <param name="byteFallback">Whether unknown characters become tokens of their bytes.</param>
    /// <param name="file">The file's name for messages.</param>
    /// <exception cref="InvalidDataException">There is no unknown token.</exception>
    public UnigramModel(IReadOnlyList<(string Token, double Score)> vocabulary, int? unknown, bool byteFallback, string file)
    {
        if (unknown is not { } id || id < 0 || id >= vocabulary.Count)
        {
            Throw.InvalidData_File(file, $"the unknown token's id is {unknown?.ToString() ?? "missing"}, in a vocabulary of {vocabulary.Count} tokens.");
            return;
        }

        _tokens = [.. vocabulary.Select(item => item.Token)];
        _scores = [.. vocabulary.Select(item => item.Score)];
        _ids = new Dictionary<string, int>(vocabulary.Count, StringComparer.Ordinal);
        _unknown = id;
        _unknownScore = _scores.Min() - UnknownPenalty;
        _byteFallback = byteFallback;
        for (var i = 0; i < _tokens.Length; i++)
        {
            _ids[_tokens[i]] = i;
            _trie.Add(_tokens[i], i);
        }
    }

    /// <inheritdoc/>
    public int Size => _tokens.Length;

    /// <inheritdoc/>
    public int? IdOf(string token) => _ids.TryGetValue(token, out var id) ? id : null;

    /// <inheritdoc/>
    public string? TokenOf(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <inheritdoc/>
    public void Tokenize(ReadOnlySpan<char> piece, TokenList tokens)
    {
        var memory = tokens.ModelMemory as UnigramMemory ?? new UnigramMemory();
        tokens.ModelMemory = memory;
        if (memory.Cache.TryAdd(piece, tokens))
        {
            return;
        }

        FindBestPath(piece, memory.Prepare(piece.Length));
        CollectSpans(piece, memory);
        memory.Found.Clear();
        for (var i = memory.Spans.Count - 1; i >= 0; i--)
        {
            var (start, end, id) = memory.Spans[i];
            if (id >= 0)
            {
                memory.Found.Add((id, end - start));
            }
            else
            {
                AddUnknown(piece[start..end], memory.Found);
            }
        }

        memory.Cache.AddAndKeep(piece, [.. memory.Found], tokens);
    }

    private void FindBestPath(ReadOnlySpan<char> piece, Span<PathNode> best)
    {
        for (var start = 0; start < piece.Length;)
        {
            var width = char.IsHighSurrogate(piece[start]) && start + 1 < piece.Length ? 2 : 1;
            var soFar = best[start].Score;
            var covered = false;
            var node = TokenTrie.Root;
            for (var end = start; end < piece.Length;)
            {
                node = _trie.Step(node, piece[end++]);
                if (node == TokenTrie.None)
                {
                    break;
                }

                if (_trie.TokenAt(node) is var id and not TokenTrie.None)
                {
                    best[end].Offer(soFar + _scores[id], start, id);
                    covered |= end - start == width;
                }
            }

            if (!covered)
            {
                best[start + width].Offer(soFar + _unknownScore, start, -1);
            }

            start += width;
        }
    }

    // From the end to the beginning; unknown neighbours become one span.
    private void CollectSpans(ReadOnlySpan<char> piece, UnigramMemory memory)
    {
        var best = memory.Nodes;
        memory.Spans.Clear();
        for (var end = piece.Length; end > 0;)
        {
            var node = best[end];
            var id = node.Id == _unknown ? -1 : node.Id;
            if (id < 0 && memory.Spans.Count > 0 && memory.Spans[^1].Id < 0)
            {
                memory.Spans[^1] = (node.Start, memory.Spans[^1].End, -1);
            }
            else
            {
                memory.Spans.Add((node.Start, end, id));
            }

            end = node.Start;
        }
    }

    private void AddUnknown(ReadOnlySpan<char> text, List<(int Id, int Length)> found)
    {
        // Unknown characters side by side may spell a token that the best path had no use for.
        if (_ids.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out var id))
        {
            found.Add((id, text.Length));
        }
        else if (!_byteFallback || !TryAddBytes(text, found))
        {
            found.Add((_unknown, text.Length));
        }
    }

    // The last byte's token stands for the characters, those before it for none.
    private bool TryAddBytes(ReadOnlySpan<char> text, List<(int Id, int Length)> found)
    {
        var before = found.Count;
        foreach (var value in Encoding.UTF8.GetBytes(text.ToString()))
        {
            if (!_ids.TryGetValue($"<0x{value.ToString("X2", CultureInfo.InvariantCulture)}>", out var id))
            {
                found.RemoveRange(before, found.Count - before);
                return false;
            }

            found.Add((id, 0));
        }

        found[^1] = (found[^1].Id, text.Length);
        return true;
    }

    /// <summary>The best way to reach a place of the piece.</summary>
    private struct PathNode
    {
        public double Score;
        public int Start;
        public int Id;

        /// <summary>Takes another way if it is the first or better; of equal ones the first found stays.</summary>
        public void Offer(double score, int start, int id)
        {
            if (Start < 0 || score > Score)
            {
                (Score, Start, Id) = (score, start, id);
            }
        }
    }

    /// <summary>What one thread keeps.</summary>
    private sealed class UnigramMemory
    {
        public PieceCache Cache { get; } = new();

        public List<(int Id, int Length)> Found { get; } = [];

        public PathNode[] Nodes { get; private set; } = [];

        public List<(int Start, int End, int Id)> Spans { get; } = [];

        public Span<PathNode> Prepare(int length)
        {
            if (Nodes.Length <= length)
            {
                Nodes = new PathNode[Math.Max(64, length * 2)];
            }

            var nodes = Nodes.AsSpan(0, length + 1);
            nodes.Fill(new PathNode { Start = -1 });
            return nodes;
        }
    }
}
