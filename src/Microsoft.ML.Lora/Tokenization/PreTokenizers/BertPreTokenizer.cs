using Microsoft.ML.Lora.Tokenization.Unicode;

namespace Microsoft.ML.Lora.Tokenization.PreTokenizers;

/// <summary>BERT's way of cutting: white space separates and vanishes, every punctuation mark is a piece of its own.</summary>
internal sealed class BertPreTokenizer : IPreTokenizer
{
    private const CharacterTraits Boundary = CharacterTraits.WhiteSpace | CharacterTraits.Punctuation;

    /// <inheritdoc/>
    public void Apply(Pieces pieces)
    {
        for (var piece = 0; piece < pieces.Count; piece++)
        {
            Cut(pieces, piece);
        }

        pieces.EndCut();
    }

    private static void Cut(Pieces pieces, int piece)
    {
        var text = pieces[piece];
        var start = 0;
        for (var i = 0; i < text.Length;)
        {
            var length = 1;
            var traits = UnicodeTables.Traits(text[i]);
            if (char.IsHighSurrogate(text[i]))
            {
                _ = System.Text.Rune.DecodeFromUtf16(text[i..], out var rune, out length);
                traits = UnicodeTables.Traits(rune.Value);
            }

            if ((traits & Boundary) != 0)
            {
                pieces.Keep(piece, start, i - start);
                if ((traits & CharacterTraits.Punctuation) != 0)
                {
                    pieces.Keep(piece, i, length);
                }

                start = i + length;
            }

            i += length;
        }

        pieces.Keep(piece, start, text.Length - start);
    }
}
