using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>
/// Writes an adapter as PEFT reads it: adapter_config.json with the long-lived keys alone (others upset older versions),
/// sorted, and adapter_model.safetensors.
/// </summary>
internal static class PeftAdapterWriter
{
    private static readonly JsonSerializerOptions _json = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes both files into a folder.</summary>
    /// <param name="folder">The folder; made when it is not there.</param>
    /// <param name="adapter">The adapter.</param>
    /// <param name="modulePrefix">
    /// The prefix of the encoder's modules, such as <c>bert.</c>: an encoder alone has none, so it goes from the names.
    /// </param>
    public static void Write(string folder, PeftAdapter adapter, string modulePrefix) =>
        Write(adapter, modulePrefix, (name, write) => AtomicFile.Write(Path.Combine(folder, name), write));

    /// <summary>Writes both files.</summary>
    /// <param name="adapter">The adapter.</param>
    /// <param name="modulePrefix">The prefix of the encoder's modules.</param>
    /// <param name="save">Makes a file of that name and lets the action write it.</param>
    public static void Write(PeftAdapter adapter, string modulePrefix, Action<string, Action<Stream>> save)
    {
        var state = Prepare(adapter, modulePrefix);
        save(PeftAdapterReader.ConfigFile, stream => WriteConfig(stream, adapter, state));
        save(PeftAdapterReader.TensorsFile, stream => WriteTensors(stream, adapter, state));
    }

    /// <summary>
    /// The config under which a state's tensors are plain updates of the base: adapters whose start was taken out of the
    /// base (PiSSA, OLoRA) become plain at twice the rank with the same scaling. Tensors of the rank itself stay what they are.
    /// </summary>
    public static AdapterConfig PlainConfig(AdapterConfig config, AdapterState state)
    {
        var module = state.Names.Select(PeftKeys.AdaptedModule).OfType<string>().FirstOrDefault();
        var isPlain = module is not null
            && state.Find(module + PeftKeys.Down)?.Shape[0] == 2 * config.RankAndScaling(module).Rank;
        return isPlain ? StartAsUpdate.Plain(config) : config;
    }

    private static void WriteTensors(Stream stream, PeftAdapter adapter, AdapterState state) => SafetensorsWriter.Write(
        stream,
        state.Tensors.Select(tensor => tensor.Value.ToWrite(PeftKeys.Prefix + KeyOf(tensor.Key, adapter.Config.Bias, state))),
        PeftMetadata.Of(adapter.Labels, adapter.MaxTokens));

    private static void WriteConfig(Stream stream, PeftAdapter adapter, AdapterState state)
    {
        var config = PlainConfig(adapter.Config, state);
        var isClassifier = adapter.Task == PeftTask.SequenceClassification;
        var saved = (isClassifier ? ["classifier", "score"] : Array.Empty<string>()).Concat(config.ModulesToSave)
            .Concat(state.Names.Any(name => name.EndsWith("pooler.dense.weight", StringComparison.Ordinal)) ? ["pooler"] : [])
            .Concat(state.Find("head.dense.weight") is null ? [] : ["head"])
            .Distinct()
            .ToList();
        var json = new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal)
        {
            ["alpha_pattern"] = Pattern(config.AlphaPattern, alpha => alpha),
            ["auto_mapping"] = null,
            ["base_model_name_or_path"] = adapter.BaseModelName,
            ["bias"] = config.Bias switch
            {
                BiasTraining.All => "all",
                BiasTraining.LoraOnly => "lora_only",
                _ => "none",
            },
            ["fan_in_fan_out"] = false,
            ["inference_mode"] = true,
            ["init_lora_weights"] = Start(config.Initialization),
            ["layers_pattern"] = null,
            ["layers_to_transform"] = config.LayersToTransform is { } layers
                ? new JsonArray([.. layers.Select(layer => (JsonNode)layer)])
                : null,
            ["lora_alpha"] = Number(config.Alpha),
            ["lora_dropout"] = Number(config.Dropout),
            ["modules_to_save"] = saved.Count == 0 ? null : Texts(saved),
            ["peft_type"] = "LORA",
            ["r"] = config.Rank,
            ["rank_pattern"] = Pattern(config.RankPattern, rank => rank),
            ["revision"] = adapter.Revision,
            ["target_modules"] = Texts(Targets(config, state)),
            ["task_type"] = isClassifier ? "SEQ_CLS" : "FEATURE_EXTRACTION",
        };
        if (config.UseRsLora)
        {
            json["use_rslora"] = true;
        }

        if (config.UseDora)
        {
            json["use_dora"] = true;
        }

        JsonSerializer.Serialize(stream, json, _json);
    }

    private static JsonNode Start(AdapterInitialization initialization) => initialization switch
    {
        AdapterInitialization.Gaussian => "gaussian",
        AdapterInitialization.Pissa => "pissa",
        AdapterInitialization.Olora => "olora",
        _ => true,
    };

    private static AdapterState Prepare(PeftAdapter adapter, string modulePrefix)
    {
        if (adapter.Task == PeftTask.SequenceClassification)
        {
            return adapter.State;
        }

        var state = new AdapterState();
        foreach (var (name, tensor) in adapter.State.Tensors)
        {
            if (!PeftKeys.IsHead(name))
            {
                state[name.StartsWith(modulePrefix, StringComparison.Ordinal) ? name[modulePrefix.Length..] : name] = tensor;
            }
        }

        return state;
    }

    // The bias of an adapted layer lies inside the adapter's module.
    private static string KeyOf(string name, BiasTraining bias, AdapterState state)
    {
        const string Bias = ".bias";
        return bias != BiasTraining.None && name.EndsWith(Bias, StringComparison.Ordinal)
            && state.Find(name[..^Bias.Length] + PeftKeys.Down) is not null
                ? name[..^Bias.Length] + ".base_layer" + Bias
                : name;
    }

    /// <summary>
    /// The adapted modules: the names asked for; else the ends of the paths inside a layer where these name exactly the
    /// adapted modules, and the whole paths where they do not.
    /// </summary>
    private static IReadOnlyList<string> Targets(AdapterConfig config, AdapterState state)
    {
        var paths = state.Names.Select(PeftKeys.AdaptedModule).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        if (config.TargetModules.Names is { } names && paths.All(path => names.Any(name => EndsWith(path, name))))
        {
            return names;
        }

        var layers = paths.Select(SplitAtLayer).ToList();
        if (layers.Any(layer => layer is null))
        {
            return paths;
        }

        var byLayer = layers.GroupBy(layer => layer!.Value.Layer, layer => layer!.Value.Inside).ToList();
        var inside = byLayer[0].Order(StringComparer.Ordinal).ToList();
        var isRegular = byLayer.TrueForAll(group => group.Order(StringComparer.Ordinal).SequenceEqual(inside));

        // "output.dense" would name the attention's "attention.output.dense" as well.
        var isAmbiguous = inside.Contains("output.dense") && !inside.Contains("attention.output.dense");
        return isRegular && !isAmbiguous ? inside : paths;
    }

    private static bool EndsWith(string path, string name) =>
        path == name || path.EndsWith("." + name, StringComparison.Ordinal);

    private static (string Layer, string Inside)? SplitAtLayer(string path)
    {
        var parts = path.Split('.');
        var number = Array.FindIndex(parts, part => part.All(char.IsAsciiDigit));
        return number < 0 || number + 1 >= parts.Length
            ? null
            : (string.Join('.', parts[..(number + 1)]), string.Join('.', parts[(number + 1)..]));
    }

    // Whole numbers as such, others with the digits that give the same float again: 0.05, not 0.05000000074505806.
    private static JsonNode Number(float value) => value == MathF.Floor(value) && MathF.Abs(value) < 1e9f
        ? (long)value
        : double.Parse(value.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);

    private static JsonObject Pattern<T>(IReadOnlyDictionary<string, T> patterns, Func<T, float> value) =>
        new(patterns.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)Number(value(pair.Value)))));
}
