namespace Microsoft.ML.Lora.Tokenization;

/// <summary>Cuts pieces of text into smaller ones, which a model then turns into tokens one by one.</summary>
internal interface IPreTokenizer
{
    /// <summary>Replaces the pieces by what they are cut into.</summary>
    void Apply(Pieces pieces);
}
