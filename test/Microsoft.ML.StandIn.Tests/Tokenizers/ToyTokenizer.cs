using System.Buffers;
using Microsoft.ML.Tokenizers;

namespace Microsoft.ML.StandIn.Tests.Tokenizers;

/// <summary>Makes a token of each word, whose id is its first letter, and records how it was asked.</summary>
internal sealed class ToyTokenizer : Tokenizer
{
    /// <summary>What the last request held: the text, the span and the settings.</summary>
    public string Asked { get; private set; } = "";

    /// <summary>The lengths of the spans that were to be decoded to.</summary>
    public List<int> Destinations { get; } = [];

    /// <summary>What decoding ends with when everything fitted.</summary>
    public OperationStatus Ending { get; set; }

    public override OperationStatus Decode(
        IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten)
    {
        Destinations.Add(destination.Length);
        idsConsumed = 0;
        charsWritten = 0;
        foreach (int id in ids)
        {
            if (charsWritten == destination.Length)
            {
                return OperationStatus.DestinationTooSmall;
            }

            destination[charsWritten++] = (char)id;
            idsConsumed++;
        }

        return Ending;
    }

    protected override EncodeResults<EncodedToken> EncodeToTokens(
        string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
    {
        Asked = $"{text ?? "null"}/{textSpan}/{settings.ConsiderPreTokenization}/{settings.ConsiderNormalization}"
            + $"/{settings.MaxTokenCount}";
        string source = text ?? textSpan.ToString();
        var tokens = new List<EncodedToken>();
        int position = 0;
        foreach (string word in source.Split(' '))
        {
            int end = position + word.Length;
            if (word.Length > 0 && tokens.Count < settings.MaxTokenCount)
            {
                tokens.Add(new EncodedToken(word[0], word, position..end));
            }

            position = end + 1;
        }

        return new EncodeResults<EncodedToken>
        {
            Tokens = tokens,
            NormalizedText = "N" + source,
            CharsConsumed = tokens.Count == 0 ? 0 : tokens[^1].Offset.End.Value - 1,
        };
    }
}
