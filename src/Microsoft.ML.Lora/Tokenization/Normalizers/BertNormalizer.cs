using Microsoft.ML.Lora.Tokenization.Unicode;

namespace Microsoft.ML.Lora.Tokenization.Normalizers;

/// <summary>
/// BERT's normalizer: drops control characters, makes all white space a blank, puts blanks around ideographs, takes
/// accents away and lower-cases, each as configured.
/// </summary>
internal sealed class BertNormalizer(bool cleanText, bool handleChineseChars, bool stripAccents, bool lowercase)
    : ITextNormalizer
{
    // A character whose result depends on its neighbours or is not one character.
    private const char Special = '\uFFFF';
    private const char Dropped = '\0';
    private const char FirstNonAscii = '\u0080';

    [ThreadStatic]
    private static (CharBuffer Cleaned, List<int> CodePoints)? _run;

    private readonly char[]?[] _pages = new char[]?[256];

    /// <inheritdoc/>
    public void Normalize(ReadOnlySpan<char> text, CharBuffer output)
    {
        while (!text.IsEmpty)
        {
            var done = NormalizeSimple(text, output);
            text = text[done..];
            if (!text.IsEmpty)
            {
                // Marks are put in order within a run of other than ASCII characters, which is thus done as a whole.
                var end = text[1..].IndexOfAnyInRange('\0', '\u007F');
                var run = end < 0 ? text : text[..(end + 1)];
                NormalizeRun(run, output);
                text = text[run.Length..];
            }
        }
    }

    // Ideographs as BERT's code lists them: newer extensions and the kana are not among them.
    private static bool IsChinese(int c) => c is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF)
        or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F)
        or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);

    private int NormalizeSimple(ReadOnlySpan<char> text, CharBuffer output)
    {
        var room = output.Reserve(text.Length);
        var written = 0;
        var i = 0;
        for (; i < text.Length; i++)
        {
            var c = text[i];
            var page = _pages[c >> 8] ?? BuildPage(c >> 8);
            var mapped = page[c & 0xFF];
            if (mapped == Special)
            {
                break;
            }

            room[written] = mapped;
            written += mapped == Dropped ? 0 : 1;
        }

        output.Advance(written);
        return i;
    }

    private char[] BuildPage(int index)
    {
        var page = new char[256];
        var result = new CharBuffer();
        for (var low = 0; low < page.Length; low++)
        {
            var c = (char)((index << 8) | low);
            result.Clear();
            if (!char.IsSurrogate(c))
            {
                NormalizeRun([c], result);
            }

            var reorders = stripAccents && UnicodeTables.CombiningOrder(c) != 0 && result.Length != 0;
            page[low] = char.IsSurrogate(c) || reorders || result.Length > 1 ? Special
                : result.Length == 0 ? Dropped
                : result.Span[0] == Dropped ? Special
                : result.Span[0];
        }

        return _pages[index] = page;
    }

    private void NormalizeRun(ReadOnlySpan<char> run, CharBuffer output)
    {
        var (cleaned, codePoints) = _run ??= (new CharBuffer(), []);
        cleaned.Clear();
        codePoints.Clear();
        foreach (var rune in run.EnumerateRunes())
        {
            CleanAndSpace(rune.Value, cleaned);
        }

        if (!stripAccents)
        {
            foreach (var rune in cleaned.Span.EnumerateRunes())
            {
                AppendLower(rune.Value, output);
            }

            return;
        }

        NormalizationForms.Decompose(cleaned.Span, compatible: false, codePoints);
        foreach (var codePoint in codePoints)
        {
            if ((UnicodeTables.Traits(codePoint) & CharacterTraits.NonSpacingMark) == 0)
            {
                AppendLower(codePoint, output);
            }
        }
    }

    private void CleanAndSpace(int codePoint, CharBuffer output)
    {
        if (cleanText)
        {
            var traits = UnicodeTables.Traits(codePoint);
            if ((traits & CharacterTraits.Dropped) != 0)
            {
                return;
            }

            if ((traits & CharacterTraits.WhiteSpace) != 0)
            {
                codePoint = ' ';
            }
        }

        var spaced = handleChineseChars && IsChinese(codePoint);
        if (spaced)
        {
            output.Append(' ');
        }

        output.AppendCodePoint(codePoint);
        if (spaced)
        {
            output.Append(' ');
        }
    }

    private void AppendLower(int codePoint, CharBuffer output)
    {
        if (!lowercase)
        {
            output.AppendCodePoint(codePoint);
        }
        else if (codePoint < FirstNonAscii)
        {
            output.Append(codePoint is >= 'A' and <= 'Z' ? (char)(codePoint | 0x20) : (char)codePoint);
        }
        else if (UnicodeTables.Lower(codePoint) is { } lower)
        {
            output.Append(lower);
        }
        else
        {
            output.AppendCodePoint(codePoint);
        }
    }
}
