namespace Microsoft.ML.Lora.Tokenization;

/// <summary>A token that is found in the text before anything else is done to it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="SingleWord">Whether it must stand as a word of its own.</param>
/// <param name="StripsLeft">Whether it takes white space before it along.</param>
/// <param name="StripsRight">Whether it takes white space after it along.</param>
/// <param name="Normalized">Whether it is sought in the normalized text instead of the text as given.</param>
/// <param name="Special">Whether it is a special token such as [SEP].</param>
internal sealed record AddedToken(
    int Id, string Content, bool SingleWord, bool StripsLeft, bool StripsRight, bool Normalized, bool Special);
