using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>
/// Writes the output layer of a model that no class of transformers has (mean of the states, or the first one, straight
/// into the output layer) beside its encoder's adapter, with a Python file that loads and applies both.
/// </summary>
internal static class PeftHeadWriter
{
    /// <summary>The file with <c>weight</c> [outputs, hidden] and <c>bias</c> [outputs]; the labels in its metadata.</summary>
    public const string TensorsFile = "classification_head.safetensors";

    /// <summary>The Python file.</summary>
    public const string ScriptFile = "classify.py";

    private const string Script = """
        # Scores texts with the base model, the adapter and the classification head: python classify.py "a text" "another"
        import json, pathlib, sys, torch
        from peft import AutoPeftModelForFeatureExtraction
        from safetensors import safe_open
        from transformers import AutoTokenizer

        folder = pathlib.Path(__file__).resolve().parent
        model = AutoPeftModelForFeatureExtraction.from_pretrained(str(folder)).eval()
        tokenizer = AutoTokenizer.from_pretrained(model.peft_config["default"].base_model_name_or_path)
        with safe_open(str(folder / "classification_head.safetensors"), "pt") as head:
            weight, bias, labels = head.get_tensor("weight"), head.get_tensor("bias"), json.loads(head.metadata()["labels"])
        batch = tokenizer(sys.argv[1:], padding=True, truncation=True, max_length={MAX_TOKENS}, return_tensors="pt")
        with torch.no_grad():
            states = model(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1)
        pooled = {POOLED}
        for text, scores in zip(sys.argv[1:], torch.softmax(pooled @ weight.T + bias, -1).tolist()):
            print(text, dict(zip(labels, scores)))

        """;

    /// <summary>Writes both files.</summary>
    /// <param name="folder">The folder of the adapter's files.</param>
    /// <param name="state">The trained tensors; <c>classifier.weight</c> and <c>classifier.bias</c> are taken.</param>
    /// <param name="labels">The names of the outputs in order.</param>
    /// <param name="isMean">Whether the head reads the mean of the last states, rather than the first token's.</param>
    /// <param name="maxTokens">The longest input in tokens.</param>
    public static void Write(string folder, AdapterState state, IReadOnlyList<string> labels, bool isMean, int maxTokens)
    {
        AtomicFile.Write(
            Path.Combine(folder, TensorsFile), stream => WriteTensors(stream, state, labels, isMean, maxTokens));
        var script = Script
            .Replace("{MAX_TOKENS}", maxTokens.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
            .Replace("{POOLED}", isMean ? "(states * mask).sum(1) / mask.sum(1)" : "states[:, 0]", StringComparison.Ordinal);
        AtomicFile.WriteBytes(Path.Combine(folder, ScriptFile), Encoding.UTF8.GetBytes(script));
    }

    /// <summary>Writes the head's tensors alone.</summary>
    public static void WriteTensors(
        Stream stream, AdapterState state, IReadOnlyList<string> labels, bool isMean, int maxTokens)
    {
        var (weight, bias) = (state["classifier.weight"], state["classifier.bias"]);
        SafetensorsWriter.Write(
            stream,
            [
                TensorToWrite.Floats("weight", [weight.Shape[0], weight.Shape[1]], weight.Values),
                TensorToWrite.Floats("bias", [bias.Shape[0]], bias.Values),
            ],
            new Dictionary<string, string>
            {
                ["format"] = "pt",
                ["labels"] = JsonSerializer.Serialize(labels),
                ["max_tokens"] = maxTokens.ToString(CultureInfo.InvariantCulture),
                ["pooling"] = isMean ? "mean" : "cls",
            });
    }

    /// <summary>Reads what <see cref="WriteTensors"/> wrote into the state of the encoder's adapter.</summary>
    /// <exception cref="InvalidDataException">A tensor is missing.</exception>
    public static void ReadTensors(WeightSource head, AdapterState state)
    {
        foreach (var name in (string[])["weight", "bias"])
        {
            if (head.Find(name) is not { } tensor)
            {
                throw new InvalidDataException($"'{head.Description}': the tensor {Throw.Quote(name)} is missing.");
            }

            state["classifier." + name] = new AdapterTensor(
                [.. tensor.Shape.ToArray().Select(size => (int)size)], tensor.ToArray());
        }
    }
}
