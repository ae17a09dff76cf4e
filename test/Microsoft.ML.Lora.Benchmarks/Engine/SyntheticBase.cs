using System.Runtime.InteropServices;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary>A base model of a given shape with random weights, in a temporary folder until it is disposed.</summary>
internal sealed class SyntheticBase : IDisposable
{
    private const int MaxPositions = 512;
    private readonly ModelShape _shape;
    private readonly PanelElement _element;
    private readonly string _folder = Directory.CreateTempSubdirectory("lora-bench-").FullName;

    public SyntheticBase(ModelShape shape, PanelElement element)
    {
        _shape = shape;
        _element = element;
        File.WriteAllText(Path.Combine(_folder, "config.json"), $$"""
            {"model_type": "bert", "vocab_size": {{shape.Vocabulary}}, "hidden_size": {{shape.Hidden}},
            "num_hidden_layers": {{shape.Layers}}, "num_attention_heads": {{shape.Heads}},
            "intermediate_size": {{shape.Intermediate}}, "max_position_embeddings": {{MaxPositions}},
            "type_vocab_size": 2, "layer_norm_eps": 1e-12, "hidden_act": "gelu", "pad_token_id": 0,
            "initializer_range": 0.02}
            """);
        SafetensorsWriter.Write(Path.Combine(_folder, "model.safetensors"), Tensors());
        Files = BaseModelFiles.FromFolder(_folder);
    }

    public BaseModelFiles Files { get; }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private IEnumerable<TensorToWrite> Tensors()
    {
        int hidden = _shape.Hidden;
        List<TensorToWrite> tensors =
        [
            Random("embeddings.word_embeddings.weight", _shape.Vocabulary, hidden),
            Random("embeddings.position_embeddings.weight", MaxPositions, hidden),
            Random("embeddings.token_type_embeddings.weight", 2, hidden),
            .. Norm("embeddings.LayerNorm"),
            .. Linear("pooler.dense", hidden, hidden),
        ];
        for (int i = 0; i < _shape.Layers; i++)
        {
            string prefix = $"encoder.layer.{i}.";
            tensors.AddRange(
            [
                .. Linear(prefix + "attention.self.query", hidden, hidden),
                .. Linear(prefix + "attention.self.key", hidden, hidden),
                .. Linear(prefix + "attention.self.value", hidden, hidden),
                .. Linear(prefix + "attention.output.dense", hidden, hidden),
                .. Norm(prefix + "attention.output.LayerNorm"),
                .. Linear(prefix + "intermediate.dense", _shape.Intermediate, hidden),
                .. Linear(prefix + "output.dense", hidden, _shape.Intermediate),
                .. Norm(prefix + "output.LayerNorm"),
            ]);
        }

        return tensors;
    }

    private TensorToWrite[] Linear(string name, int outputs, int inputs) =>
        [Random(name + ".weight", outputs, inputs), Constant(name + ".bias", outputs, 0)];

    private TensorToWrite[] Norm(string name) =>
        [Constant(name + ".weight", _shape.Hidden, 1), Constant(name + ".bias", _shape.Hidden, 0)];

    private static TensorToWrite Constant(string name, int size, float value) =>
        TensorToWrite.Floats(name, [size], Enumerable.Repeat(value, size).ToArray());

    // Written a row at a time: a large base would otherwise leave its size in this process's peak memory.
    private TensorToWrite Random(string name, int rows, int columns) =>
        new(name, Storage, [rows, columns], stream =>
        {
            var random = new RandomStream(1, name);
            var row = new float[columns];
            for (int i = 0; i < rows; i++)
            {
                random.Fork(i).FillUniform(row, -0.035, 0.035);
                stream.Write(Stored(row));
            }
        });

    private StorageType Storage => _element switch
    {
        PanelElement.Float16 => StorageType.F16,
        PanelElement.BFloat16 => StorageType.BF16,
        _ => StorageType.F32,
    };

    private ReadOnlySpan<byte> Stored(float[] row) => _element switch
    {
        PanelElement.Float16 => MemoryMarshal.AsBytes<Half>(Array.ConvertAll(row, value => (Half)value)),
        PanelElement.BFloat16 => MemoryMarshal.AsBytes<ushort>(
            Array.ConvertAll(row, value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16))),
        _ => MemoryMarshal.AsBytes<float>(row),
    };
}
