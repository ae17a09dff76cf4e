namespace Microsoft.ML.Lora.Tokenization.Files;

/// <summary>The files of a model that belong to its tokenizer.</summary>
internal static class TokenizerFiles
{
    /// <summary>Their names; a model has some of them.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.txt",
        "vocab.json", "merges.txt", "bpe.codes", "sentencepiece.bpe.model", "spiece.model", "spm.model",
        "tokenizer.model", "sentence_bert_config.json",
    ];
}
