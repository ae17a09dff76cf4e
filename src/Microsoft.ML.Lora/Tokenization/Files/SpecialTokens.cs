namespace Microsoft.ML.Lora.Tokenization.Files;

/// <summary>The special tokens of a tokenizer that has no tokenizer.json: as its settings name them, else its kind's.</summary>
internal sealed class SpecialTokens(TokenizerSettings settings, string cls, string sep, string unk, string pad, string mask)
{
    /// <summary>Gets what begins a text.</summary>
    public string Cls { get; } = settings.SpecialToken("cls_token", cls);

    /// <summary>Gets what ends a text.</summary>
    public string Sep { get; } = settings.SpecialToken("sep_token", sep);

    /// <summary>Gets what stands for anything unknown.</summary>
    public string Unk { get; } = settings.SpecialToken("unk_token", unk);

    /// <summary>Gets what fills up shorter texts.</summary>
    public string Pad { get; } = settings.SpecialToken("pad_token", pad);

    /// <summary>Gets what hides a token.</summary>
    public string Mask { get; } = settings.SpecialToken("mask_token", mask);

    /// <summary>The added tokens: those the settings list, and the special ones; what the model lacks comes after it.</summary>
    public IReadOnlyList<AddedToken> Collect(ITokenModel model)
    {
        var tokens = settings.AddedTokens().ToDictionary(token => token.Content, StringComparer.Ordinal);
        var next = Math.Max(model.Size, tokens.Count == 0 ? 0 : tokens.Values.Max(token => token.Id) + 1);
        (string Role, string Content)[] special =
            [("unk_token", Unk), ("sep_token", Sep), ("pad_token", Pad), ("cls_token", Cls), ("mask_token", Mask)];
        foreach (var (role, content) in special)
        {
            if (!tokens.ContainsKey(content))
            {
                tokens.Add(content, settings.SpecialAddedToken(role, model.IdOf(content) ?? next++, content));
            }
        }

        return [.. tokens.Values];
    }

    /// <summary>Puts the tokens around texts.</summary>
    public TextEncoder ToEncoder(TokenizerPipeline pipeline, Func<int, int, PairTemplate> template) => new(
        pipeline,
        template(pipeline.IdOf(Cls)!.Value, pipeline.IdOf(Sep)!.Value),
        pipeline.IdOf(Pad)!.Value,
        settings.TruncatesLeft,
        settings.ModelMaxLength);
}
