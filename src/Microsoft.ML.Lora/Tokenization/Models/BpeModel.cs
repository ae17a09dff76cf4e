using System.Globalization;
using System.Text;

namespace Microsoft.ML.Lora.Tokenization.Models;

/// <summary>The settings of a <c>BPE</c> model, named as in tokenizer.json.</summary>
internal sealed record BpeSettings(
    string? UnkToken = null,
    string ContinuingSubwordPrefix = "",
    string EndOfWordSuffix = "",
    bool FuseUnk = false,
    bool ByteFallback = false,
    bool IgnoreMerges = false);

/// <summary>
/// Byte-pair encoding: a piece begins as its characters; the pair whose merge was learned first is merged, until
/// none is left.
/// </summary>
internal sealed class BpeModel : ITokenModel
{
    private readonly Vocabulary _vocabulary;
    private readonly BpeSettings _settings;
    private readonly PairTable _merges;
    private readonly TokenTrie _firstSymbols = new();
    private readonly int _unknown;
    private readonly int[] _bytes = new int[256];

    /// <summary>Takes vocabulary, merges and settings.</summary>
    /// <exception cref="InvalidDataException">A merge names or gives a token that the vocabulary lacks.</exception>
    public BpeModel(Vocabulary vocabulary, IEnumerable<(string Left, string Right)> merges, BpeSettings settings, string file)
    {
        _vocabulary = vocabulary;
        _settings = settings;
        _unknown = settings.UnkToken is null ? -1 : vocabulary.Require(settings.UnkToken);
        _merges = new PairTable(Resolve(vocabulary, merges, settings.ContinuingSubwordPrefix.Length, file));
        for (var value = 0; value < _bytes.Length; value++)
        {
            _bytes[value] = vocabulary.IdOf($"<0x{value.ToString("X2", CultureInfo.InvariantCulture)}>") ?? -1;
        }

        foreach (var (token, id) in vocabulary.Tokens)
        {
            _firstSymbols.Add(token, id);
        }
    }

    /// <inheritdoc/>
    public int Size => _vocabulary.Size;

    /// <inheritdoc/>
    public int? IdOf(string token) => _vocabulary.IdOf(token);

    /// <inheritdoc/>
    public string? TokenOf(int id) => _vocabulary.TokenOf(id);

    /// <inheritdoc/>
    public void Tokenize(ReadOnlySpan<char> piece, TokenList tokens)
    {
        var memory = tokens.ModelMemory as BpeMemory ?? new BpeMemory();
        tokens.ModelMemory = memory;
        if (memory.Cache.TryAdd(piece, tokens))
        {
            return;
        }

        if (_settings.IgnoreMerges && WholeToken(piece) is var whole and >= 0)
        {
            tokens.Add(whole, 0, piece.Length);
            return;
        }

        memory.Word.Clear();
        AddSymbols(piece, memory.Word);
        memory.Word.Merge(_merges);
        memory.Cache.AddAndKeep(piece, memory.Word.ToArray(), tokens);
    }

    private static List<(int Left, int Right, int Symbol)> Resolve(
        Vocabulary vocabulary, IEnumerable<(string Left, string Right)> merges, int prefixLength, string file)
    {
        var resolved = new List<(int, int, int)>();
        var problems = new List<string>();
        foreach (var (left, right) in merges)
        {
            var merged = right.Length < prefixLength ? null : left + right[prefixLength..];
            if (merged is not null && vocabulary.IdOf(left) is { } a && vocabulary.IdOf(right) is { } b
                && vocabulary.IdOf(merged) is { } symbol)
            {
                resolved.Add((a, b, symbol));
            }
            else
            {
                problems.Add($"{Throw.Quote(left)} + {Throw.Quote(right)}");
            }
        }

        if (problems.Count > 0)
        {
            Throw.InvalidData_Problems(file, "merges of tokens that the vocabulary lacks, or that give such a one", problems);
        }

        return resolved;
    }

    private int WholeToken(ReadOnlySpan<char> piece) =>
        _firstSymbols.Walk(piece) is var node and not TokenTrie.None ? _firstSymbols.TokenAt(node) : -1;

    private void AddSymbols(ReadOnlySpan<char> piece, BpeWord word)
    {
        var plain = _settings is { ContinuingSubwordPrefix: "", EndOfWordSuffix: "" };
        for (var start = 0; start < piece.Length;)
        {
            Rune.DecodeFromUtf16(piece[start..], out _, out var length);
            var text = piece.Slice(start, length);
            var id = plain ? WholeToken(text) : WholeToken(Decorate(text, start == 0, start + length == piece.Length));
            if (id >= 0)
            {
                word.Add(id, length);
            }
            else if (!_settings.ByteFallback || !AddBytes(text, word))
            {
                AddUnknown(word, length);
            }

            start += length;
        }
    }

    private string Decorate(ReadOnlySpan<char> text, bool first, bool last) => string.Concat(
        first ? "" : _settings.ContinuingSubwordPrefix, text, last ? _settings.EndOfWordSuffix : "");

    private bool AddBytes(ReadOnlySpan<char> text, BpeWord word)
    {
        Span<byte> bytes = stackalloc byte[4];
        bytes = bytes[..Encoding.UTF8.GetBytes(text, bytes)];
        foreach (var value in bytes)
        {
            if (_bytes[value] < 0)
            {
                return false;
            }
        }

        for (var i = 0; i < bytes.Length; i++)
        {
            word.Add(_bytes[bytes[i]], i == bytes.Length - 1 ? text.Length : 0);
        }

        return true;
    }

    // Without an unknown token, what the vocabulary lacks vanishes; its characters go to the token before.
    private void AddUnknown(BpeWord word, int length)
    {
        if (_unknown < 0 || (_settings.FuseUnk && word.EndsWith(_unknown)))
        {
            word.Lengthen(length);
        }
        else
        {
            word.Add(_unknown, length);
        }
    }

    /// <summary>What one thread keeps: recent pieces and a word at work.</summary>
    private sealed class BpeMemory
    {
        public PieceCache Cache { get; } = new();

        public BpeWord Word { get; } = new();
    }
}
