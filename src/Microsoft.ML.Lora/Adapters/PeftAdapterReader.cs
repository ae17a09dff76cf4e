using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Checkpoints.Pickle;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>Reads an adapter as PEFT saves it: adapter_config.json with adapter_model.safetensors or .bin.</summary>
internal static class PeftAdapterReader
{
    /// <summary>The file of settings.</summary>
    public const string ConfigFile = "adapter_config.json";

    /// <summary>The file of tensors.</summary>
    public const string TensorsFile = "adapter_model.safetensors";

    private const string PickledFile = "adapter_model.bin";

    /// <summary>The base that an adapter's settings name, and its revision; null where they name none.</summary>
    /// <param name="folder">The folder that PEFT's <c>save_pretrained</c> wrote.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">It holds no adapter.</exception>
    public static (string? Name, string? Revision) ReadBase(string folder)
    {
        var config = OpenConfig(new FolderModelFiles(folder));
        return (config.TryGetString("base_model_name_or_path"), config.TryGetString("revision"));
    }

    /// <summary>Reads the adapter of a folder.</summary>
    /// <param name="folder">The folder that PEFT's <c>save_pretrained</c> wrote.</param>
    /// <param name="modulePrefix">The prefix of the encoder's modules in a model with a head, such as <c>bert.</c></param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="FileNotFoundException">It holds no adapter.</exception>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    /// <exception cref="NotSupportedException">The adapter is of a kind that is not supported; the message names the settings.</exception>
    public static PeftAdapter Read(string folder, string modulePrefix)
    {
        var files = new FolderModelFiles(folder);
        var config = OpenConfig(files);
        using var tensors = OpenTensors(files);
        return Read(config, tensors, modulePrefix);
    }

    /// <summary>Reads an adapter out of its two parts.</summary>
    public static PeftAdapter Read(ConfigJson config, WeightSource tensors, string modulePrefix)
    {
        CheckKind(tensors);
        var state = ReadState(tensors);
        var adapted = Adapted(state);
        var read = PeftConfigReader.Read(config, adapted, out var task);
        if (adapted.Count == 0)
        {
            Throw.InvalidData_File(tensors.Description, "the file holds no LoRA tensors (lora_A, lora_B).");
        }

        if (task == PeftTask.FeatureExtraction && !adapted.Any(name => name.StartsWith(modulePrefix, StringComparison.Ordinal)))
        {
            state = WithPrefix(state, modulePrefix);
            read = PeftConfigReader.Read(config, Adapted(state), out task);
        }

        return new PeftAdapter(read, state, config.TryGetString("base_model_name_or_path"), task)
        {
            Revision = config.TryGetString("revision"),
            Labels = PeftMetadata.ReadLabels(tensors),
            MaxTokens = PeftMetadata.ReadMaxTokens(tensors),
        };
    }

    /// <summary>
    /// Turns biases of B (<c>lora_bias</c>) into biases of their layers, y = W·x + b + s·(B·A·x + c) = W·x + (b + s·c) + s·B·A·x.
    /// </summary>
    /// <param name="adapter">The adapter.</param>
    /// <param name="baseBias">The bias of a layer of the base by the module's path; null when it has none.</param>
    public static PeftAdapter FoldUpBiases(PeftAdapter adapter, Func<string, float[]?> baseBias)
    {
        var state = new AdapterState();
        foreach (var (name, tensor) in adapter.State.Tensors)
        {
            if (!name.EndsWith(PeftKeys.UpBias, StringComparison.Ordinal))
            {
                state[name] = tensor;
            }
        }

        foreach (var (name, tensor) in adapter.State.Tensors)
        {
            if (name.EndsWith(PeftKeys.UpBias, StringComparison.Ordinal))
            {
                var module = name[..^PeftKeys.UpBias.Length];
                var bias = adapter.State.Find(module + ".bias")?.Values ?? baseBias(module);
                if (bias is null || bias.Length != tensor.Values.Length)
                {
                    throw new NotSupportedException($"lora_bias: the layer {Throw.Quote(module)} of the base has no bias of {tensor.Values.Length} values.");
                }

                var scaling = adapter.Config.RankAndScaling(module).Scaling;
                state[module + ".bias"] = new AdapterTensor(
                    tensor.Shape, [.. bias.Zip(tensor.Values, (own, added) => own + (scaling * added))]);
            }
        }

        return adapter with { State = state };
    }

    private static List<string> Adapted(AdapterState state) =>
        [.. state.Names.Select(PeftKeys.AdaptedModule).OfType<string>().Distinct()];

    private static ConfigJson OpenConfig(FolderModelFiles files)
    {
        if (!files.Exists(ConfigFile))
        {
            Throw.FileNotFound_Model(
                files.Description,
                $"file '{ConfigFile}'. Name the folder that PEFT's save_pretrained wrote; an adapter other than 'default' lies in a folder of its name");
        }

        return files.ReadJson(ConfigFile);
    }

    private static WeightSource OpenTensors(FolderModelFiles files)
    {
        if (files.Exists(TensorsFile))
        {
            return SafetensorsFile.Open(files.NameForMessages(TensorsFile));
        }

        if (!files.Exists(PickledFile))
        {
            Throw.FileNotFound_Model(files.Description, $"file '{TensorsFile}' or '{PickledFile}'");
        }

        var path = files.NameForMessages(PickledFile);
        return PickledWeights.Open(MappedMemory.OpenFile(path), path);
    }

    private static void CheckKind(WeightSource tensors)
    {
        var kinds = tensors.Names.Select(PeftKeys.OtherKind).OfType<string>().Distinct().ToList();
        if (kinds.Count > 0)
        {
            Throw.NotSupported_InFile(
                tensors.Description, $"the adapter holds tensors of {string.Join(", ", kinds)}; plain LoRA and DoRA of linear layers are supported.");
        }
    }

    private static AdapterState ReadState(WeightSource tensors)
    {
        var state = new AdapterState();
        var sources = new Dictionary<string, string>(StringComparer.Ordinal);
        var problems = new List<string>();

        // The plain spelling comes first: where a file has a tensor twice, that is the one that counts.
        foreach (var key in tensors.Names.OrderBy(key => key.Length).ThenBy(key => key, StringComparer.Ordinal))
        {
            if (PeftKeys.Normalize(key) is not { } name)
            {
                continue;
            }

            var stored = tensors.Find(key)!;
            if (!stored.Type.IsFloat() || stored.ElementCount > Array.MaxLength || stored.Shape.ContainsAnyExceptInRange(0, int.MaxValue))
            {
                problems.Add($"{Throw.Quote(key)} is {stored.Type.Name()} {stored.ShapeText}");
                continue;
            }

            var tensor = AdapterTensor.Of(stored);
            if (sources.TryAdd(name, key))
            {
                state[name] = tensor;
            }
            else if (!tensor.Values.AsSpan().SequenceEqual(state[name].Values))
            {
                problems.Add($"{Throw.Quote(sources[name])} and {Throw.Quote(key)} are the same tensor with other values");
            }
        }

        if (problems.Count > 0)
        {
            Throw.InvalidData_Problems(tensors.Description, "tensors cannot be used", problems);
        }

        return state;
    }

    private static AdapterState WithPrefix(AdapterState state, string prefix)
    {
        var result = new AdapterState();
        foreach (var (name, tensor) in state.Tensors)
        {
            result[PeftKeys.IsHead(name) || name.StartsWith(prefix, StringComparison.Ordinal) ? name : prefix + name] = tensor;
        }

        return result;
    }
}
