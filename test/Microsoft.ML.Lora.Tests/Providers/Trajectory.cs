using System.Text.Json;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Optimization;
using Microsoft.ML.Lora.Optimization.Losses;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tests.Support;
using Microsoft.ML.Lora.Tokenization;

namespace Microsoft.ML.Lora.Tests.Providers;

/// <summary>One recorded run of PEFT under shared/models/tiny/peft: what it was set to, and everything it gave.</summary>
internal sealed class Trajectory
{
    private const int MaxTokens = 48;

    private readonly string _folder;
    private readonly JsonElement _json;
    private readonly string[] _texts;
    private readonly JsonElement _encoded;
    private readonly Lazy<TextEncoder> _tokenizer;

    /// <summary>Reads the recording of that name.</summary>
    public Trajectory(string name)
    {
        _folder = $"models/tiny/peft/{name}";
        _json = GoldenJson.Read($"{_folder}/trajectory.json");
        Model = "models/tiny/" + name[..ModelNameLength(name)];
        _texts = [.. GoldenJson.Read("models/tiny/texts.json").EnumerateArray().Select(text => text.GetString()!)];
        _encoded = GoldenJson.Read($"{Model}/expected_outputs.json").GetProperty("texts");
        _tokenizer = new(() => TextEncoder.Load(BaseModelFiles.FromFolder(Shared.Require(Model))));
        Name = name;
    }

    /// <summary>The recording's name.</summary>
    public string Name { get; }

    /// <summary>The base's folder under shared.</summary>
    public string Model { get; }

    /// <summary>The steps.</summary>
    public IEnumerable<JsonElement> Steps => _json.GetProperty("log").EnumerateArray();

    /// <summary>PEFT's count of trained numbers.</summary>
    public int Trainable => _json.GetProperty("trainable").GetInt32();

    /// <summary>The learning rate at factor 1.</summary>
    public float LearningRate => Optimizer.GetProperty("lr").GetSingle();

    /// <summary>Logits after the last step: the text's example, and its logits.</summary>
    public IEnumerable<(EncodedExample Example, float[] Logits)> FinalLogits =>
        _json.GetProperty("final_logits").EnumerateArray().Select(
            item => (Encode(item.GetProperty("text").GetString()!, "the second part", default), item.GetProperty("logits").Floats()));

    /// <summary>The same run in double precision: the losses, and the last logits where they were recorded; null for no such run.</summary>
    public (double[] Losses, float[][] FinalLogits)? InDoublePrecision =>
        _json.TryGetProperty("float64", out JsonElement run)
            ? ([.. run.GetProperty("loss").EnumerateArray().Select(loss => loss.GetDouble())],
                run.TryGetProperty("final_logits", out JsonElement logits)
                    ? [.. logits.EnumerateArray().Select(item => item.Floats())]
                    : [])
            : null;

    private JsonElement Optimizer => _json.GetProperty("optimizer");

    private bool HasPairs => Name.Contains("pairs", StringComparison.Ordinal);

    private bool IsRegression => Name.Contains("regression", StringComparison.Ordinal);

    /// <summary>The session that repeats the run.</summary>
    public SessionSpec Spec(int threads) => new()
    {
        Base = BaseModelFiles.FromFolder(Shared.Require(Model)),
        FineTuning = Name.EndsWith("-full", StringComparison.Ordinal) ? FineTuning.Full : FineTuning.Lora,
        Adapter = Adapter(),
        Head = new HeadSpec { Outputs = IsRegression ? 1 : 3 },
        Loss = new LossSpec
        {
            Kind = IsRegression ? LossKind.MeanSquaredError
                : Name.EndsWith("multi-label", StringComparison.Ordinal) ? LossKind.BinaryCrossEntropy
                : LossKind.CrossEntropy,
        },
        Optimizer = new OptimizerSpec
        {
            DecayVectors = true,
            LoraPlusRatio = Optimizer.TryGetProperty("loraplus_lr_ratio", out JsonElement ratio) ? ratio.GetSingle() : 1,
        },
        Seed = 1,
        Threads = threads,
    };

    /// <summary>The examples of a step.</summary>
    public EncodedExample[] Examples(JsonElement step)
    {
        JsonElement[] labels = [.. step.GetProperty("labels").EnumerateArray()];
        return [.. step.GetProperty("texts").Ints().Select(
            (text, i) => Encode(_texts[text], _texts[7 * text % _texts.Length], labels[i]))];
    }

    /// <summary>A recorded set of tensors under the engine's names: initial, gradient_step0 or final.</summary>
    public AdapterState Tensors(string file)
    {
        using WeightSource source = SafetensorsFile.Open(Shared.Require($"{_folder}/{file}.safetensors"));
        var state = new AdapterState();
        foreach (string name in source.Names)
        {
            StoredTensor tensor = source.Find(name)!;
            state[EngineName(name)] = new AdapterTensor([.. tensor.Shape.ToArray().Select(size => (int)size)], tensor.ToArray());
        }

        return state;
    }

    private static string EngineName(string name) => name
        .Replace("base_model.model.", string.Empty, StringComparison.Ordinal)
        .Replace("modules_to_save.", string.Empty, StringComparison.Ordinal)
        .Replace("base_layer.", string.Empty, StringComparison.Ordinal)
        .Replace("lora_magnitude_vector.default.weight", "lora_magnitude_vector", StringComparison.Ordinal)
        .Replace("default.", string.Empty, StringComparison.Ordinal);

    // tiny-xlm-roberta-qv → tiny-xlm-roberta: the longest model whose name the recording's begins with.
    private static int ModelNameLength(string name)
    {
        for (int length = name.LastIndexOf('-'); length > 0; length = name.LastIndexOf('-', length - 1))
        {
            if (Shared.Exists($"models/tiny/{name[..length]}/config.json"))
            {
                return length;
            }
        }

        return name.Length;
    }

    private EncodedExample Encode(string text, string second, JsonElement label)
    {
        float number = label.ValueKind == JsonValueKind.Number ? label.GetSingle() : 0;
        TokenizedText? pair = !HasPairs ? null
            : second.Length == 0 ? WithEmptySecond(text)
            : _tokenizer.Value.Encode(text, second, MaxTokens);
        return new EncodedExample
        {
            Ids = pair?.Ids ?? _encoded[Array.IndexOf(_texts, text)].GetProperty("ids").Ints(),
            TypeIds = pair?.TypeIds,
            ClassIndex = (int)number,
            RealTarget = number,
            Labels = label.ValueKind == JsonValueKind.Array ? label.Floats() : null,
        };
    }

    // Recorded as a batch, where transformers keeps an empty second text as a second text.
    private TokenizedText WithEmptySecond(string text)
    {
        TextEncoder tokenizer = _tokenizer.Value;
        int added = tokenizer.SpecialTokenCount(isPair: true) - tokenizer.SpecialTokenCount(isPair: false);
        TokenizedText single = tokenizer.Encode(text, null, MaxTokens - added);
        int separator = single.Ids[^1];
        return new TokenizedText(
            [.. single.Ids, .. Enumerable.Repeat(separator, added)],
            [.. new int[single.Ids.Length], .. Enumerable.Repeat(added == 1 ? 1 : 0, added)],
            single.Truncated);
    }

    private AdapterConfig Adapter()
    {
        // A recording without one has rank 4 and alpha 8 on all linear layers.
        _json.TryGetProperty("config", out JsonElement config);
        return new AdapterConfig
        {
            Rank = Find("r")?.GetInt32() ?? 4,
            Alpha = Find("lora_alpha")?.GetSingle() ?? 8,
            Dropout = 0,
            TargetModules = Find("target_modules") is { } names
                ? TargetModules.ByName([.. names.EnumerateArray().Select(item => item.GetString()!)])
                : TargetModules.AllLinear,
            LayersToTransform = Find("layers_to_transform")?.Ints(),
            RankPattern = Find("rank_pattern")?.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetInt32()) ?? [],
            AlphaPattern = Find("alpha_pattern")?.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetSingle()) ?? [],
            Bias = Find("bias")?.GetString() switch
            {
                "all" => BiasTraining.All,
                "lora_only" => BiasTraining.LoraOnly,
                _ => BiasTraining.None,
            },
            ModulesToSave = [.. Find("modules_to_save")?.EnumerateArray().Select(item => item.GetString()!) ?? []],
            Initialization = Find("init_lora_weights")?.GetString() switch
            {
                "gaussian" => AdapterInitialization.Gaussian,
                "pissa" => AdapterInitialization.Pissa,
                "olora" => AdapterInitialization.Olora,
                _ => AdapterInitialization.Kaiming,
            },
            UseRsLora = Find("use_rslora")?.GetBoolean() ?? false,
            UseDora = Find("use_dora")?.GetBoolean() ?? false,
        };

        JsonElement? Find(string key) =>
            config.ValueKind == JsonValueKind.Object && config.TryGetProperty(key, out JsonElement value) ? value : null;
    }
}
