namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary>Sizes of a BERT-type encoder.</summary>
internal sealed record ModelShape(string Name, int Layers, int Hidden, int Heads, int Intermediate, int Vocabulary)
{
    public static ModelShape Base { get; } = new("base", 12, 768, 12, 3072, 30522);

    public static ModelShape MiniLM { get; } = new("minilm", 6, 384, 12, 1536, 30522);

    public static ModelShape Mini { get; } = new("mini", 4, 256, 4, 1024, 8192);

    public static IReadOnlyDictionary<string, ModelShape> Named { get; } =
        new[] { Base, MiniLM, Mini }.ToDictionary(shape => shape.Name, StringComparer.Ordinal);
}
