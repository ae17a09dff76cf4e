using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tokenization.Files;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>What a merged model's config.json says beside the base's.</summary>
/// <param name="Architecture">The class that loads it in transformers, such as <c>BertForSequenceClassification</c>.</param>
/// <param name="Labels">The names of the outputs in order; empty for an encoder alone.</param>
/// <param name="ProblemType"><c>single_label_classification</c>, <c>regression</c> …; null to leave it out.</param>
internal sealed record MergedModelFacts(string Architecture, IReadOnlyList<string> Labels, string? ProblemType);

/// <summary>
/// Writes a fine-tuned model with its updates merged as the files of a Hugging Face folder: config.json, model.safetensors
/// in float32, the tokenizer's files. transformers loads them as they are.
/// </summary>
internal static class MergedModelWriter
{
    // Parts of pretraining checkpoints that a model for classification does not have.
    private static readonly string[] _otherHeads =
    [
        "cls.", "lm_head.", "generator_predictions.", "generator_lm_head.", "discriminator_predictions.", "vocab_transform.",
        "vocab_layer_norm.", "vocab_projector.", "lm_predictions.", "mask_predictions.", "qa_outputs.", "decoder.",
    ];

    private static readonly JsonSerializerOptions _json = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The file of settings.</summary>
    public const string ConfigFile = "config.json";

    /// <summary>The file of tensors.</summary>
    public const string TensorsFile = "model.safetensors";

    /// <summary>Writes the files.</summary>
    /// <param name="files">The base model.</param>
    /// <param name="adapter">The update: its tensors are those of plain adapters over the base.</param>
    /// <param name="modulePrefix">The prefix of the encoder's modules in a model with a head, such as <c>bert.</c></param>
    /// <param name="facts">What config.json says.</param>
    /// <param name="save">Makes a file of that name and lets the action write it.</param>
    /// <exception cref="InvalidDataException">An update fits no weight; the message names all of them.</exception>
    public static void Write(
        BaseModelFiles files,
        PeftAdapter adapter,
        string modulePrefix,
        MergedModelFacts facts,
        Action<string, Action<Stream>> save)
    {
        using (var weights = files.OpenWeights())
        {
            var tensors = Merge(weights, adapter, modulePrefix);
            save(TensorsFile, stream => SafetensorsWriter.Write(stream, tensors, PeftMetadata.Of(null, null)));
        }

        foreach (var name in TokenizerFiles.Names.Where(files.Exists))
        {
            using var source = files.Open(name);
            save(name, source.CopyTo);
        }

        var config = Config(files, facts);
        save(ConfigFile, stream => JsonSerializer.Serialize(stream, config, _json));
    }

    /// <summary>The merged model's tensors under the names transformers gives them.</summary>
    public static IReadOnlyList<TensorToWrite> Merge(WeightSource weights, PeftAdapter adapter, string modulePrefix)
    {
        var state = adapter.State;
        var config = PeftAdapterWriter.PlainConfig(adapter.Config, state);
        var isEncoder = adapter.Task == PeftTask.FeatureExtraction;
        var hasPrefix = weights.Names.Any(name => name.StartsWith(modulePrefix, StringComparison.Ordinal));
        var tensors = new SortedDictionary<string, TensorToWrite>(StringComparer.Ordinal);
        var unused = state.Names.ToHashSet(StringComparer.Ordinal);
        foreach (var stored in weights.Names)
        {
            var name = CanonicalName(stored, modulePrefix, hasPrefix);
            var tensor = weights.Find(stored)!;
            if (name is null || !tensor.Type.IsFloat() || (isEncoder && !name.StartsWith(modulePrefix, StringComparison.Ordinal)))
            {
                continue;
            }

            var module = name.EndsWith(".weight", StringComparison.Ordinal) ? name[..^".weight".Length] : name;
            unused.ExceptWith([module + PeftKeys.Down, module + PeftKeys.Up, module + PeftKeys.Magnitude]);
            tensors[name] = MergedTensor.Find(tensor, module, config, state) is { } merged
                ? new TensorToWrite(name, StorageType.F32, tensor.Shape.ToArray(), merged.WriteTo)
                : new TensorToWrite(name, StorageType.F32, tensor.Shape.ToArray(), stream => WriteFloats(tensor, stream));
        }

        var problems = unused.Where(name => PeftKeys.AdaptedModule(name) is not null).Select(Throw.Quote).ToList();
        if (problems.Count > 0)
        {
            Throw.InvalidData_Problems(weights.Description, "the base has no weight for these updates", problems);
        }

        foreach (var name in unused.Where(name => !isEncoder || name.StartsWith(modulePrefix, StringComparison.Ordinal)))
        {
            tensors[name] = state[name].ToWriteAsFloats(name);
        }

        return isEncoder
            ? [.. tensors.Values.Select(tensor => tensor with { Name = tensor.Name[modulePrefix.Length..] })]
            : [.. tensors.Values];
    }

    // The name in a model with a head: with the prefix, norms' parameters as weight and bias; null for what is no part of it.
    private static string? CanonicalName(string stored, string modulePrefix, bool hasPrefix)
    {
        if (_otherHeads.Any(head => stored.StartsWith(head, StringComparison.Ordinal))
            || stored.EndsWith("position_ids", StringComparison.Ordinal))
        {
            return null;
        }

        var name = stored
            .Replace("LayerNorm.gamma", "LayerNorm.weight", StringComparison.Ordinal)
            .Replace("LayerNorm.beta", "LayerNorm.bias", StringComparison.Ordinal);
        return hasPrefix || PeftKeys.IsHead(name) ? name : modulePrefix + name;
    }

    private static void WriteFloats(StoredTensor tensor, Stream stream)
    {
        const int Chunk = 1 << 16;
        var values = new float[Math.Min(Chunk, tensor.ElementCount)];
        for (long done = 0; done < tensor.ElementCount;)
        {
            var part = values.AsSpan(0, (int)Math.Min(Chunk, tensor.ElementCount - done));
            tensor.CopyTo(part, done);
            stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(part));
            done += part.Length;
        }
    }

    private static JsonObject Config(BaseModelFiles files, MergedModelFacts facts)
    {
        var config = JsonNode.Parse(files.ReadConfig().Root.GetRawText())!.AsObject();
        config["architectures"] = new JsonArray(facts.Architecture);
        config.Remove("torch_dtype");
        config["dtype"] = "float32";
        if (facts.Labels.Count > 0)
        {
            // A number from the base would undo the names.
            config.Remove("num_labels");
            config.Remove("_num_labels");
            config["id2label"] = new JsonObject(
                facts.Labels.Select((label, id) => KeyValuePair.Create(id.ToString(), (JsonNode?)label)));
            config["label2id"] = new JsonObject(
                facts.Labels.Select((label, id) => (Label: label, Id: id)).DistinctBy(pair => pair.Label)
                    .Select(pair => KeyValuePair.Create(pair.Label, (JsonNode?)pair.Id)));
        }

        if (facts.ProblemType is not null)
        {
            config["problem_type"] = facts.ProblemType;
        }

        return config;
    }
}
