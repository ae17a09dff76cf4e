using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Persistence;

/// <summary>The adapter's two files in an archive, as PEFT writes them.</summary>
internal static class AdapterFiles
{
    private const string Prefix = "base_model.model.";

    private static readonly JsonSerializerOptions _json = new() { WriteIndented = true, NewLine = "\n" };

    /// <summary>Writes adapter_config.json.</summary>
    public static void WriteConfig(Stream stream, AdapterConfig config, string baseModelName)
    {
        JsonNode targets = config.TargetModules.Names is { } names
            ? new JsonArray([.. names.Select(name => (JsonNode)name)])
            : config.TargetModules.Description;
        var json = new JsonObject
        {
            ["base_model_name_or_path"] = baseModelName,
            ["bias"] = "none",
            ["fan_in_fan_out"] = false,
            ["inference_mode"] = true,
            ["lora_alpha"] = config.Alpha,
            ["lora_dropout"] = config.Dropout,
            ["modules_to_save"] = new JsonArray("classifier", "score"),
            ["peft_type"] = "LORA",
            ["r"] = config.Rank,
            ["target_modules"] = targets,
            ["task_type"] = "SEQ_CLS",
        };
        JsonSerializer.Serialize(stream, json, _json);
    }

    /// <summary>Writes adapter_model.safetensors.</summary>
    public static void WriteTensors(Stream stream, AdapterState state) => SafetensorsWriter.Write(
        stream,
        state.Tensors.Select(tensor => TensorToWrite.Floats(
            Prefix + tensor.Key, [.. tensor.Value.Shape.Select(size => (long)size)], tensor.Value.Values)),
        new Dictionary<string, string> { ["format"] = "pt" });

    /// <summary>Reads adapter_config.json.</summary>
    public static AdapterConfig ReadConfig(ConfigJson json) => new()
    {
        Rank = json.GetInt("r"),
        Alpha = (float)json.GetDouble("lora_alpha", 0),
        Dropout = (float)json.GetDouble("lora_dropout", 0),
    };

    /// <summary>Reads adapter_model.safetensors.</summary>
    public static AdapterState ReadTensors(byte[] bytes, string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(MappedMemory.FromArray(bytes), name);
        var state = new AdapterState();
        foreach (string stored in file.Names)
        {
            StoredTensor tensor = file.Find(stored)!;
            state[stored[Prefix.Length..]] = new AdapterTensor(
                [.. tensor.Shape.ToArray().Select(size => (int)size)], tensor.ToArray());
        }
        return state;
    }
}
