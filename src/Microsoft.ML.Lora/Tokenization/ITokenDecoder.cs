namespace Microsoft.ML.Lora.Tokenization;

/// <summary>Turns tokens back into parts of a text, which are then joined; usable from several threads at once.</summary>
internal interface ITokenDecoder
{
    /// <summary>The parts of text that tokens stand for.</summary>
    List<string> Decode(List<string> tokens);
}
