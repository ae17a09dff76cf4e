namespace Microsoft.ML.Lora.Tokenization;

/// <summary>One place of a template: a special token, or the tokens of the first or second text.</summary>
/// <param name="TokenId">The special token's id; -1 where a text's tokens go.</param>
/// <param name="Second">Whether the second text's tokens go here.</param>
/// <param name="TypeId">The token type of all of it.</param>
internal readonly record struct TemplateItem(int TokenId, bool Second, int TypeId)
{
    /// <summary>Whether a text's tokens go here.</summary>
    public bool IsText => TokenId < 0;
}

/// <summary>The special tokens around one text and around a pair, such as <c>[CLS] A [SEP] B [SEP]</c>.</summary>
internal sealed class PairTemplate(IReadOnlyList<TemplateItem> single, IReadOnlyList<TemplateItem> pair)
{
    private readonly TemplateItem[] _single = [.. single];
    private readonly TemplateItem[] _pair = [.. pair];
    private readonly int _addedToSingle = single.Count(item => !item.IsText);
    private readonly int _addedToPair = pair.Count(item => !item.IsText);

    /// <summary>Gets the template that adds nothing.</summary>
    public static PairTemplate Plain { get; } = new([Text(0)], [Text(0), Text(1, second: true)]);

    /// <summary>Gets the places around one text.</summary>
    public ReadOnlySpan<TemplateItem> Single => _single;

    /// <summary>Gets the places around a pair.</summary>
    public ReadOnlySpan<TemplateItem> Pair => _pair;

    /// <summary>BERT's: <c>[CLS] A [SEP]</c>, <c>[CLS] A [SEP] B [SEP]</c>, the second text and its end of type 1.</summary>
    public static PairTemplate Bert(int cls, int sep) => new(
        [Token(cls), Text(0), Token(sep)],
        [Token(cls), Text(0), Token(sep), Text(1, second: true), Token(sep, 1)]);

    /// <summary>RoBERTa's: <c>&lt;s&gt; A &lt;/s&gt;</c>, <c>&lt;s&gt; A &lt;/s&gt;&lt;/s&gt; B &lt;/s&gt;</c>, all of type 0.</summary>
    public static PairTemplate Roberta(int cls, int sep) => new(
        [Token(cls), Text(0), Token(sep)],
        [Token(cls), Text(0), Token(sep), Token(sep), Text(0, second: true), Token(sep)]);

    /// <summary>The number of special tokens around one text or a pair.</summary>
    public int AddedCount(bool isPair) => isPair ? _addedToPair : _addedToSingle;

    private static TemplateItem Token(int id, int typeId = 0) => new(id, false, typeId);

    private static TemplateItem Text(int typeId, bool second = false) => new(-1, second, typeId);
}
