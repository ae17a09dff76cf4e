using System.Text;

namespace Microsoft.ML.Lora.Tokenization.Decoders;

/// <summary>Joins word pieces: continuing ones to what is before them, others after a blank.</summary>
internal sealed class WordPieceDecoder(string prefix, bool cleansUp) : ITokenDecoder
{
    /// <inheritdoc/>
    public List<string> Decode(List<string> tokens)
    {
        var parts = new List<string>(tokens.Count);
        for (var i = 0; i < tokens.Count; i++)
        {
            var token = tokens[i];
            var part = i == 0 ? token
                : token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..]
                : " " + token;
            parts.Add(cleansUp ? CleanUp(part) : part);
        }

        return parts;
    }

    // The contractions and marks of English that tokenization had set apart.
    private static string CleanUp(string part) => new StringBuilder(part)
        .Replace(" .", ".")
        .Replace(" ?", "?")
        .Replace(" !", "!")
        .Replace(" ,", ",")
        .Replace(" ' ", "'")
        .Replace(" n't", "n't")
        .Replace(" 'm", "'m")
        .Replace(" do not", " don't")
        .Replace(" 's", "'s")
        .Replace(" 've", "'ve")
        .Replace(" 're", "'re")
        .ToString();
}
