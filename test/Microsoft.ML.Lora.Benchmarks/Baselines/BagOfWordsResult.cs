using System.Text.Json.Serialization;

namespace Microsoft.ML.Lora.Benchmarks.Baselines;

/// <summary>What words alone give on a pair of files.</summary>
internal sealed record BagOfWordsResult(
    [property: JsonPropertyName("train_rows")] int TrainRows,
    [property: JsonPropertyName("test_rows")] int TestRows,
    [property: JsonPropertyName("classes")] int Classes,
    [property: JsonPropertyName("features")] int Features,
    [property: JsonPropertyName("c")] double C,
    [property: JsonPropertyName("steps")] int Steps,
    [property: JsonPropertyName("accuracy")] double Accuracy,
    [property: JsonPropertyName("macro_f1")] double MacroF1,
    [property: JsonPropertyName("train_s")] double TrainSeconds);
