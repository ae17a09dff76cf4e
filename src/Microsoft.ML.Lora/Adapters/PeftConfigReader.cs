using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.Lora.Checkpoints;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>Reads adapter_config.json. A setting that changes what the adapter does and is not supported is refused by its name.</summary>
internal sealed class PeftConfigReader
{
    private const int LargestRank = 1 << 16;

    // Settings that change what an adapter computes. One that is absent, null, false, or empty does nothing.
    private static readonly string[] _unsupported =
    [
        "fan_in_fan_out", "trainable_token_indices", "kasa_config", "use_qalora", "alora_invocation_tokens", "use_bdlora",
        "arrow_config", "layer_replication", "target_parameters", "megatron_config", "monteclora_config", "velora_config",
        "ensure_weight_tying", "enable_lora",
    ];

    private static readonly Dictionary<string, AdapterInitialization> _initializations = new(StringComparer.Ordinal)
    {
        ["gaussian"] = AdapterInitialization.Gaussian,
        ["orthogonal"] = AdapterInitialization.Orthogonal,
        ["pissa"] = AdapterInitialization.Pissa,
        ["olora"] = AdapterInitialization.Olora,

        // Data-driven directions for A with B = 0: the base stays as it is.
        ["eva"] = AdapterInitialization.Kaiming,
    };

    private readonly ConfigJson _json;
    private readonly List<string> _problems = [];

    private PeftConfigReader(ConfigJson json) => _json = json;

    /// <summary>Reads the configuration.</summary>
    /// <param name="json">The file.</param>
    /// <param name="adapted">The module paths that the tensors' names show to be adapted.</param>
    /// <param name="task">What the model is for.</param>
    /// <exception cref="InvalidDataException">A value is of the wrong kind.</exception>
    /// <exception cref="NotSupportedException">Settings are not supported; the message names all of them.</exception>
    public static AdapterConfig Read(ConfigJson json, IReadOnlyCollection<string> adapted, out PeftTask task)
    {
        var reader = new PeftConfigReader(json);
        task = reader.ReadTask();
        reader.CheckUnsupported();
        var rank = json.GetInt("r", 8);
        var alpha = json.GetDouble("lora_alpha", 8);
        var dropout = json.GetDouble("lora_dropout", 0);
        if (rank is < 1 or > LargestRank || dropout is < 0 or >= 1)
        {
            Throw.InvalidData_File(json.File, $"'r' is {rank} and 'lora_dropout' is {dropout}; a rank from 1 on and a probability below 1 belong there.");
        }

        var config = new AdapterConfig
        {
            Rank = rank,
            Alpha = (float)alpha,
            Dropout = (float)dropout,
            TargetModules = reader.ReadTargets(adapted),
            LayersToTransform = reader.ReadLayers(),
            RankPattern = reader.ReadPattern<int>("rank_pattern", value => value is >= 1 and <= LargestRank ? (int)value : null),
            AlphaPattern = reader.ReadPattern<float>("alpha_pattern", value => (float)value),
            Bias = reader.ReadBias(),
            ModulesToSave = reader.ReadModulesToSave(),
            Initialization = reader.ReadInitialization(),
            UseRsLora = json.GetBool("use_rslora", false),
            UseDora = json.GetBool("use_dora", false),
        };
        if (reader._problems.Count > 0)
        {
            throw new NotSupportedException(
                $"'{json.File}' asks for what is not supported:{string.Concat(reader._problems.Select(problem => "\n  - " + problem))}");
        }

        return config;
    }

    private PeftTask ReadTask()
    {
        var kind = _json.GetString("peft_type");
        if (kind != "LORA")
        {
            _problems.Add($"peft_type {Throw.Quote(kind)}: only LORA adapters are read");
        }

        var task = _json.TryGetString("task_type");
        if (task is null)
        {
            // Without a task PEFT names the class of the model instead.
            var model = _json.GetObject("auto_mapping")?.TryGetString("base_model_class");
            if (model is not null && !model.EndsWith("Model", StringComparison.Ordinal)
                && !model.EndsWith("ForSequenceClassification", StringComparison.Ordinal))
            {
                _problems.Add($"auto_mapping with base_model_class {Throw.Quote(model)}: models for the classification of texts are read");
            }

            return model is not null && model.EndsWith("Model", StringComparison.Ordinal)
                ? PeftTask.FeatureExtraction
                : PeftTask.SequenceClassification;
        }

        if (task is not ("SEQ_CLS" or "FEATURE_EXTRACTION"))
        {
            _problems.Add($"task_type {Throw.Quote(task)}: SEQ_CLS and FEATURE_EXTRACTION are read");
        }

        return task == "FEATURE_EXTRACTION" ? PeftTask.FeatureExtraction : PeftTask.SequenceClassification;
    }

    private void CheckUnsupported()
    {
        foreach (var key in _unsupported)
        {
            if (_json.Root.TryGetProperty(key, out var value) && !IsEmpty(value))
            {
                _problems.Add($"{key} ({Shown(value)})");
            }
        }
    }

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        _ => false,
    };

    private static string Shown(JsonElement value)
    {
        var text = value.GetRawText();
        return text.Length <= 40 ? text : text[..40] + "…";
    }

    // The tensors say what is adapted. A list that says the same is kept, so that it can be written again as it was.
    private TargetModules ReadTargets(IReadOnlyCollection<string> adapted)
    {
        var targets = !_json.Root.TryGetProperty("target_modules", out var value) || value.ValueKind != JsonValueKind.Array
            ? null
            : _json.TryGetStrings("target_modules");
        var isPlain = targets is { Count: > 0 } && !_json.Has("exclude_modules");
        return isPlain && adapted.All(module => targets!.Any(target => Matches(module, target)))
            ? TargetModules.ByName(targets!)
            : TargetModules.ByName([.. adapted.Order(StringComparer.Ordinal)]);
    }

    private static bool Matches(string module, string target) =>
        module == target || module.EndsWith("." + target, StringComparison.Ordinal);

    private List<int>? ReadLayers()
    {
        if (!_json.Root.TryGetProperty("layers_to_transform", out var value) || IsEmpty(value))
        {
            return null;
        }

        IEnumerable<JsonElement> items = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [value];
        var layers = new List<int>();
        foreach (var item in items)
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out var layer) || layer < 0)
            {
                Throw.InvalidData_File(_json.File, $"'layers_to_transform' is {Shown(value)}; numbers of layers belong there.");
                return null;
            }

            layers.Add(layer);
        }

        return layers;
    }

    private Dictionary<string, T> ReadPattern<T>(string key, Func<double, T?> convert)
        where T : struct
    {
        var patterns = new Dictionary<string, T>(StringComparer.Ordinal);
        if (_json.GetObject(key) is not { } json)
        {
            return patterns;
        }

        foreach (var property in json.Root.EnumerateObject())
        {
            if (json.TryGetDouble(property.Name) is not { } number || convert(number) is not { } value)
            {
                Throw.InvalidData_File(_json.File, $"'{key}' has {Shown(property.Value)} for {Throw.Quote(property.Name)}.");
                continue;
            }

            CheckExpression(key, property.Name);
            patterns.Add(property.Name, value);
        }

        return patterns;
    }

    private void CheckExpression(string key, string expression)
    {
        try
        {
            // One that backtracks could take forever to match.
            _ = new Regex(expression, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            _problems.Add($"{key}: {Throw.Quote(expression)} is not a regular expression that is understood here");
        }
    }

    private BiasTraining ReadBias()
    {
        var bias = _json.TryGetString("bias") ?? "none";
        if (bias is not ("none" or "all" or "lora_only"))
        {
            _problems.Add($"bias {Throw.Quote(bias)}");
        }

        // The biases of B are added to those of the layers when the adapter is read.
        return bias == "all" ? BiasTraining.All
            : bias == "lora_only" || _json.GetBool("lora_bias", false) ? BiasTraining.LoraOnly
            : BiasTraining.None;
    }

    private List<string> ReadModulesToSave()
    {
        var modules = new List<string>();
        foreach (var module in _json.TryGetStrings("modules_to_save")?.Distinct() ?? [])
        {
            if (module == "pooler" || module.EndsWith(".pooler", StringComparison.Ordinal))
            {
                modules.Add("pooler");
            }
            else if (module == "head")
            {
                modules.Add("head");
            }
            else if (!PeftKeys.IsHead(module + ".") && !module.StartsWith("classifier", StringComparison.Ordinal))
            {
                _problems.Add($"modules_to_save {Throw.Quote(module)}: the classification head and the pooler can be trained in full");
            }
        }

        return modules;
    }

    private AdapterInitialization ReadInitialization()
    {
        if (!_json.Root.TryGetProperty("init_lora_weights", out var value)
            || value.ValueKind is JsonValueKind.True or JsonValueKind.False or JsonValueKind.Null)
        {
            return AdapterInitialization.Kaiming;
        }

        var name = _json.GetString("init_lora_weights");
        if (!_initializations.TryGetValue(name, out var initialization))
        {
            _problems.Add(
                $"init_lora_weights {Throw.Quote(name)}: it changes the base in a way that cannot be repeated here. "
                + "Save the adapter converted in Python: model.save_pretrained(folder, path_initial_model_for_weight_conversion=…)");
        }

        return initialization;
    }
}
