namespace Microsoft.ML.Lora.Tokenization;

/// <summary>Tokens and their ids, both ways.</summary>
internal sealed class Vocabulary
{
    // Ids index an array; a vocabulary file that names an id far beyond its own size is damaged.
    private const int MaxSpareIds = 1 << 20;

    private readonly Dictionary<string, int> _ids;
    private readonly string?[] _tokens;
    private readonly string _file;

    /// <summary>Takes tokens with their ids.</summary>
    /// <param name="ids">The id of each token.</param>
    /// <param name="file">The file they come from, for messages.</param>
    /// <exception cref="InvalidDataException">An id is negative or absurdly large.</exception>
    public Vocabulary(Dictionary<string, int> ids, string file)
    {
        _ids = ids;
        _file = file;
        var size = 0;
        foreach (var (token, id) in ids)
        {
            if (id < 0 || id > ids.Count + MaxSpareIds)
            {
                Throw.InvalidData_File(file, $"token {Throw.Quote(token)} has the id {id}, in a vocabulary of {ids.Count} tokens.");
            }

            size = Math.Max(size, id + 1);
        }

        _tokens = new string?[size];
        foreach (var (token, id) in ids)
        {
            _tokens[id] = token;
        }
    }

    /// <summary>Gets the tokens with their ids.</summary>
    public IReadOnlyDictionary<string, int> Tokens => _ids;

    /// <summary>Gets the largest id plus one.</summary>
    public int Size => _tokens.Length;

    /// <summary>The id of a token; null when there is none.</summary>
    public int? IdOf(string token) => _ids.TryGetValue(token, out var id) ? id : null;

    /// <summary>The id of a token that must be there.</summary>
    /// <exception cref="InvalidDataException">It is not there.</exception>
    public int Require(string token)
    {
        if (!_ids.TryGetValue(token, out var id))
        {
            Throw.InvalidData_File(_file, $"the vocabulary lacks the token {Throw.Quote(token)}, which the tokenizer needs.");
        }

        return id;
    }

    /// <summary>The token of an id; null when there is none.</summary>
    public string? TokenOf(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;
}
