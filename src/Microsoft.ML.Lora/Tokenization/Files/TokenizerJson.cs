using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tokenization.Decoders;
using Microsoft.ML.Lora.Tokenization.Models;
using Microsoft.ML.Lora.Tokenization.Normalizers;
using Microsoft.ML.Lora.Tokenization.PreTokenizers;

namespace Microsoft.ML.Lora.Tokenization.Files;

/// <summary>Builds a tokenizer from tokenizer.json: normalizer, pre-tokenizer, model, post-processor, decoder.</summary>
internal static class TokenizerJson
{
    /// <summary>Loads the tokenizer.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    /// <exception cref="NotSupportedException">A part of it is of a type that is not known here.</exception>
    public static TextEncoder Load(ConfigJson json, TokenizerSettings settings)
    {
        if (json.GetObject("model") is not { } modelJson)
        {
            Throw.InvalidData_File(json.File, "'model' is missing; this is not a tokenizer.json.");
            return null;
        }

        var model = ModelRegistry.Create(modelJson);
        var pipeline = new TokenizerPipeline(
            json.GetObject("normalizer") is { } normalizer ? NormalizerRegistry.Create(normalizer, settings.Config) : null,
            json.GetObject("pre_tokenizer") is { } preTokenizer ? PreTokenizerRegistry.Create(preTokenizer) : [],
            model,
            json.GetObject("decoder") is { } decoder ? DecoderRegistry.Create(decoder) : null,
            [.. json.GetObjects("added_tokens").Select(token => ReadAddedToken(token, model))]);
        var template = json.GetObject("post_processor") is { } post ? PostProcessors.Create(post) : null;
        CheckIds(template ?? PairTemplate.Plain, pipeline, json.File);
        var pad = settings.TrySpecialToken("pad_token");
        return new TextEncoder(
            pipeline,
            template ?? PairTemplate.Plain,
            (pad is null ? null : pipeline.IdOf(pad)) ?? 0,
            settings.TruncatesLeft,
            settings.ModelMaxLength);
    }

    // A token that the model has already keeps the model's id, whatever is written here.
    private static AddedToken ReadAddedToken(ConfigJson json, ITokenModel model)
    {
        var token = TokenizerSettings.ReadToken(json, json.GetInt("id"));
        return token with { Id = model.IdOf(token.Content) ?? token.Id };
    }

    private static void CheckIds(PairTemplate template, TokenizerPipeline pipeline, string file)
    {
        foreach (var item in (TemplateItem[])[.. template.Single, .. template.Pair])
        {
            if (!item.IsText && item.TokenId >= pipeline.Size)
            {
                Throw.InvalidData_File(file, $"'post_processor' adds a token of the id {item.TokenId}, in a vocabulary of {pipeline.Size} tokens.");
            }
        }
    }
}
