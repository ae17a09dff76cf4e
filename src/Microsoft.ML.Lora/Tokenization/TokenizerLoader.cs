using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Tokenization;

/// <summary>Finds out which tokenizer a model's files describe, and loads it.</summary>
internal static class TokenizerLoader
{
    /// <summary>Loads tokenizer.json, else vocab.txt.</summary>
    public static TextEncoder Load(BaseModelFiles files)
    {
        var settings = TokenizerSettings.Read(files);
        if (files.Exists("tokenizer.json"))
        {
            return TokenizerJson.Load(files.ReadJson("tokenizer.json"), settings);
        }

        if (files.Exists("vocab.txt"))
        {
            return VocabTxtTokenizer.Load(files, settings);
        }

        Throw.FileNotFound_Model(files.Description, "tokenizer: none of tokenizer.json, vocab.txt");
        return null;
    }
}
