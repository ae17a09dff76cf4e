using Microsoft.ML.Tokenizers;
using Xunit;

namespace Microsoft.ML.StandIn.Tests.Tokenizers;

/// <summary>Pre-tokenizers cut where they should, normalizers change case.</summary>
public sealed class PreTokenizerTests
{
    private const string Sentence = "Hello, world! it's 12_3 é日本 👍x";
    private const string Specials = "a[X]b <s> [X]";

    private static readonly Dictionary<string, int> _special =
        new() { ["[X]"] = 1, ["<s>"] = 2, ["[X]Y"] = 3 };

    [Theory]
    [InlineData("", "")]
    [InlineData("a", "0+1")]
    [InlineData(" a b ", "1+1 3+1")]
    [InlineData(Sentence, "0+6 7+6 14+4 19+4 24+3 28+3")]
    [InlineData("!! a!?b+=", "0+2 3+6")]
    public void WhiteSpace_CutsAtSpaces(string text, string expected) =>
        AssertPieces(PreTokenizer.CreateWhiteSpace(), text, expected);

    [Theory]
    [InlineData(" a b ", "1+1 3+1")]
    [InlineData(Sentence, "0+5 5+1 7+5 12+1 14+2 16+1 17+1 19+4 24+3 28+2 30+1")]
    [InlineData("\t\n a\u00a0b", "3+1 5+1")]
    [InlineData("!! a!?b+=", "0+2 3+1 4+2 6+1 7+2")]
    public void WordOrNonWord_CutsRuns(string text, string expected) =>
        AssertPieces(PreTokenizer.CreateWordOrNonWord(), text, expected);

    [Theory]
    [InlineData(Sentence, "0+5 5+1 7+5 12+1 14+2 16+1 17+1 19+4 24+3 30+1")]
    [InlineData("!! a!?b+=", "0+1 1+1 3+1 4+1 5+1 6+1")]
    [InlineData(Specials, "0+1 1+1 2+1 3+1 4+1 7+1 10+1 11+1 12+1")]
    public void WordOrPunctuation_CutsEachMark(string text, string expected) =>
        AssertPieces(PreTokenizer.CreateWordOrPunctuation(), text, expected);

    [Theory]
    [InlineData(Specials, "0+1 1+3 4+1 6+3 10+3")]
    [InlineData("[X][X]Y[X]Y<s><s>", "0+3 3+3 6+1 7+3 10+1 11+3 14+3")]
    public void SpecialTokens_AreCutOutFirst(string text, string expected)
    {
        AssertPieces(PreTokenizer.CreateWhiteSpace(_special), text, expected);
        AssertPieces(PreTokenizer.CreateWordOrNonWord(_special), text, expected);
        AssertPieces(PreTokenizer.CreateWordOrPunctuation(_special), text, expected);
    }

    [Fact]
    public void NoText_HasNoPieces() => Assert.Empty(PreTokenizer.CreateWhiteSpace().PreTokenize((string)null!));

    [Fact]
    public void Normalizers_ChangeCaseInvariantly()
    {
        Assert.Equal("AÉ ß İ", UpperCaseNormalizer.Instance.Normalize("aé ß İ"));
        Assert.Equal("aé ß İ", LowerCaseNormalizer.Instance.Normalize("AÉ ß İ".AsSpan()));
    }

    private static void AssertPieces(PreTokenizer preTokenizer, string text, string expected)
    {
        Assert.Equal(expected, Print(preTokenizer.PreTokenize(text)));
        Assert.Equal(expected, Print(preTokenizer.PreTokenize(text.AsSpan())));
    }

    private static string Print(IEnumerable<(int Offset, int Length)> pieces) =>
        string.Join(' ', pieces.Select(piece => $"{piece.Offset}+{piece.Length}"));
}
