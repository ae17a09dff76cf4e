using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Tokenization.Files;

/// <summary>Finds out which tokenizer a model's files describe, and loads it.</summary>
internal static class TokenizerLoader
{
    private const string JsonFile = "tokenizer.json";

    /// <summary>Loads tokenizer.json when there is one, else the older files of the tokenizer's kind.</summary>
    /// <exception cref="FileNotFoundException">There are none.</exception>
    public static TextEncoder Load(BaseModelFiles files)
    {
        var settings = TokenizerSettings.Read(files);
        if (files.Exists(JsonFile))
        {
            return TokenizerJson.Load(files.ReadJson(JsonFile), settings);
        }

        if (files.Exists(VocabTxtTokenizer.FileName))
        {
            return VocabTxtTokenizer.Load(files, settings);
        }

        if (files.Exists(MergesTxtTokenizer.VocabularyFile) && files.Exists(MergesTxtTokenizer.MergesFile))
        {
            return MergesTxtTokenizer.Load(files, settings);
        }

        if (files.Exists(SentencePieceTokenizer.RobertaFile))
        {
            return SentencePieceTokenizer.LoadRoberta(files, settings);
        }

        if (files.Exists(SentencePieceTokenizer.DebertaFile))
        {
            return SentencePieceTokenizer.LoadDeberta(files, settings);
        }

        Throw.FileNotFound_Model(
            files.Description,
            $"tokenizer that can be read: {JsonFile}, {VocabTxtTokenizer.FileName}, {MergesTxtTokenizer.VocabularyFile} with "
            + $"{MergesTxtTokenizer.MergesFile}, {SentencePieceTokenizer.RobertaFile} or {SentencePieceTokenizer.DebertaFile}");
        return null;
    }
}
