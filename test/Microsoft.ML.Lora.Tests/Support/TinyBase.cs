using System.Text;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>A BERT of two layers of 32 with random weights, in a folder of its own: enough to learn toy tasks in seconds.</summary>
internal static class TinyBase
{
    public const int HiddenSize = 32;
    private const int Layers = 2;
    private const int IntermediateSize = 64;
    private const int MaxPositions = 64;

    private static readonly Lazy<string> _folder = new(Create);

    private static readonly string[] _words =
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", .. Enumerable.Range('a', 26).Select(c => ((char)c).ToString()),
        .. Enumerable.Range('a', 26).Select(c => "##" + (char)c), ".", ",", "!", "?", "the", "is", "my", "refund",
        "money", "parcel", "late", "login", "password", "thanks", "great", "bad", "good", "order", "card", "where",
    ];

    /// <summary>The folder, made at first use; the same bytes every time.</summary>
    public static string Folder => _folder.Value;

    /// <summary>Writes the model into a new folder.</summary>
    public static string Create()
    {
        string folder = Directory.CreateTempSubdirectory("tiny-base-").FullName;
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""
            {"model_type": "bert", "vocab_size": {{_words.Length}}, "hidden_size": {{HiddenSize}},
            "num_hidden_layers": {{Layers}}, "num_attention_heads": 2, "intermediate_size": {{IntermediateSize}},
            "max_position_embeddings": {{MaxPositions}}, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
            "hidden_act": "gelu", "pad_token_id": 0, "initializer_range": 0.02}
            """);
        File.WriteAllText(Path.Combine(folder, "vocab.txt"), string.Join('\n', _words) + "\n", new UTF8Encoding(false));
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"),
            """{"do_lower_case": true, "tokenizer_class": "BertTokenizer"}""");
        SafetensorsWriter.Write(Path.Combine(folder, "model.safetensors"), Tensors());
        return folder;
    }

    private static IEnumerable<TensorToWrite> Tensors()
    {
        yield return Random("embeddings.word_embeddings.weight", _words.Length, HiddenSize);
        yield return Random("embeddings.position_embeddings.weight", MaxPositions, HiddenSize);
        yield return Random("embeddings.token_type_embeddings.weight", 2, HiddenSize);
        foreach (TensorToWrite tensor in Norm("embeddings.LayerNorm").Concat(Linear("pooler.dense", HiddenSize, HiddenSize)))
        {
            yield return tensor;
        }
        for (int i = 0; i < Layers; i++)
        {
            foreach (TensorToWrite tensor in Layer($"encoder.layer.{i}."))
            {
                yield return tensor;
            }
        }
    }

    private static IEnumerable<TensorToWrite> Layer(string prefix) =>
    [
        .. Linear(prefix + "attention.self.query", HiddenSize, HiddenSize),
        .. Linear(prefix + "attention.self.key", HiddenSize, HiddenSize),
        .. Linear(prefix + "attention.self.value", HiddenSize, HiddenSize),
        .. Linear(prefix + "attention.output.dense", HiddenSize, HiddenSize),
        .. Norm(prefix + "attention.output.LayerNorm"),
        .. Linear(prefix + "intermediate.dense", IntermediateSize, HiddenSize),
        .. Linear(prefix + "output.dense", HiddenSize, IntermediateSize),
        .. Norm(prefix + "output.LayerNorm"),
    ];

    private static TensorToWrite[] Linear(string name, int outputs, int inputs) =>
        [Random(name + ".weight", outputs, inputs), Constant(name + ".bias", outputs, 0)];

    private static TensorToWrite[] Norm(string name) =>
        [Constant(name + ".weight", HiddenSize, 1), Constant(name + ".bias", HiddenSize, 0)];

    private static TensorToWrite Constant(string name, int size, float value) =>
        TensorToWrite.Floats(name, [size], Enumerable.Repeat(value, size).ToArray());

    private static TensorToWrite Random(string name, int rows, int columns)
    {
        var values = new float[rows * columns];
        new RandomStream(1, name).FillNormal(values, 0.15);
        return TensorToWrite.Floats(name, [rows, columns], values);
    }
}
