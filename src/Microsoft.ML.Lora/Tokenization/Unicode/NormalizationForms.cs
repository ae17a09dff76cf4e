namespace Microsoft.ML.Lora.Tokenization.Unicode;

/// <summary>The four Unicode normalization forms (Unicode Standard Annex 15).</summary>
internal static class NormalizationForms
{
    private const int SyllableBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11A7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TrailCount = 28;

    /// <summary>Everything below this is composed already and combines with nothing before it (forms C).</summary>
    private const char FirstCombining = '\u0300';

    /// <summary>Everything below this is its own decomposition.</summary>
    private const char FirstDecomposable = '\u00A0';

    /// <summary>Appends a text, taken apart and, if asked, put together again.</summary>
    /// <param name="text">Valid UTF-16.</param>
    /// <param name="compatible">Whether compatibility characters lose their form (KC, KD).</param>
    /// <param name="compose">Whether the result is composed (C, KC).</param>
    /// <param name="output">Where the result goes.</param>
    public static void Append(ReadOnlySpan<char> text, bool compatible, bool compose, CharBuffer output)
    {
        var limit = compose && !compatible ? FirstCombining : FirstDecomposable;
        if (!text.ContainsAnyInRange(limit, char.MaxValue))
        {
            output.Append(text);
            return;
        }

        var codePoints = new List<int>(text.Length);
        Decompose(text, compatible, codePoints);
        if (compose)
        {
            Compose(codePoints);
        }

        foreach (var codePoint in codePoints)
        {
            output.AppendCodePoint(codePoint);
        }
    }

    /// <summary>Takes a text apart into code points in canonical order; <paramref name="output"/> comes empty.</summary>
    public static void Decompose(ReadOnlySpan<char> text, bool compatible, List<int> output)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            var codePoint = rune.Value;
            var syllable = codePoint - SyllableBase;
            if (codePoint < FirstDecomposable)
            {
                output.Add(codePoint);
            }
            else if ((uint)syllable < LeadCount * VowelCount * TrailCount)
            {
                DecomposeSyllable(syllable, output);
            }
            else if (UnicodeTables.Decomposition(codePoint, compatible) is { } parts)
            {
                foreach (var part in parts.EnumerateRunes())
                {
                    output.Add(part.Value);
                }
            }
            else
            {
                output.Add(codePoint);
            }
        }

        SortMarks(output);
    }

    private static void DecomposeSyllable(int syllable, List<int> output)
    {
        output.Add(LeadBase + (syllable / (VowelCount * TrailCount)));
        output.Add(VowelBase + (syllable / TrailCount % VowelCount));
        if (syllable % TrailCount != 0)
        {
            output.Add(TrailBase + (syllable % TrailCount));
        }
    }

    // Marks of a sequence stand in the order of their classes; equal classes keep the order of the text.
    private static void SortMarks(List<int> codePoints)
    {
        for (var i = 0; i < codePoints.Count; i++)
        {
            var start = i;
            while (i < codePoints.Count && UnicodeTables.CombiningOrder(codePoints[i]) != 0)
            {
                i++;
            }

            if (i - start > 1)
            {
                var sorted = codePoints.GetRange(start, i - start).OrderBy(UnicodeTables.CombiningOrder).ToArray();
                for (var k = 0; k < sorted.Length; k++)
                {
                    codePoints[start + k] = sorted[k];
                }
            }
        }
    }

    private static void Compose(List<int> codePoints)
    {
        var starter = -1;
        var written = 0;
        var lastOrder = 0;
        for (var i = 0; i < codePoints.Count; i++)
        {
            var codePoint = codePoints[i];
            var order = UnicodeTables.CombiningOrder(codePoint);

            // Blocked: a mark of the same or a higher class, or another starter, stands between.
            var adjacent = starter >= 0 && written == starter + 1;
            var open = starter >= 0 && (adjacent || (lastOrder != 0 && lastOrder < order));
            var composed = open ? ComposePair(codePoints[starter], codePoint) : -1;
            if (composed >= 0)
            {
                codePoints[starter] = composed;
                continue;
            }

            if (order == 0)
            {
                starter = written;
            }

            lastOrder = order;
            codePoints[written++] = codePoint;
        }

        codePoints.RemoveRange(written, codePoints.Count - written);
    }

    private static int ComposePair(int first, int second)
    {
        var lead = first - LeadBase;
        var vowel = second - VowelBase;
        if ((uint)lead < LeadCount && (uint)vowel < VowelCount)
        {
            return SyllableBase + (((lead * VowelCount) + vowel) * TrailCount);
        }

        var syllable = first - SyllableBase;
        var trail = second - TrailBase;
        if ((uint)syllable < LeadCount * VowelCount * TrailCount && syllable % TrailCount == 0
            && trail is > 0 and < TrailCount)
        {
            return first + trail;
        }

        return UnicodeTables.Compose(first, second);
    }
}
