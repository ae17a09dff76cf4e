namespace Microsoft.ML.Lora.Tokenization.PreTokenizers;

/// <summary>When a text gets a mark before it, as if a blank stood there.</summary>
internal enum PrependScheme
{
    Never,

    /// <summary>Only the piece that begins the input.</summary>
    First,
    Always,
}

/// <summary>SentencePiece's way: blanks become a visible mark, which begins a piece.</summary>
internal sealed class MetaspacePreTokenizer(char mark, PrependScheme prepend, bool splits) : IPreTokenizer
{
    /// <summary>The mark that SentencePiece uses.</summary>
    public const char DefaultMark = '\u2581';

    /// <inheritdoc/>
    public void Apply(Pieces pieces)
    {
        for (var piece = 0; piece < pieces.Count; piece++)
        {
            var text = pieces[piece];
            pieces.BeginPiece();
            if (text[0] != ' ' && text[0] != mark && Prepends(pieces, piece))
            {
                pieces.Write(mark, piece, 0);
            }

            for (var i = 0; i < text.Length; i++)
            {
                var c = text[i] == ' ' ? mark : text[i];
                if (splits && c == mark)
                {
                    pieces.EndPiece();
                    pieces.BeginPiece();
                }

                pieces.Write(c, piece, i);
            }

            pieces.EndPiece();
        }

        pieces.EndRewrite();
    }

    private bool Prepends(Pieces pieces, int piece) =>
        prepend == PrependScheme.Always || (prepend == PrependScheme.First && pieces.BeginsInput(piece));
}
