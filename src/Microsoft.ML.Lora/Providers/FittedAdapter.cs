using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Models.Heads;

namespace Microsoft.ML.Lora.Providers;

/// <summary>An adapter that somebody else trained, fitted to its base: checked against its layers, and made plain.</summary>
/// <param name="Adapter">The plain adapter: its tensors are updates of the base itself.</param>
/// <param name="TotalParameters">Numbers in the base, the adapter and the head.</param>
internal sealed record FittedAdapter(PeftAdapter Adapter, long TotalParameters)
{
    /// <summary>Fits an adapter to its base.</summary>
    /// <param name="files">The base.</param>
    /// <param name="adapter">The adapter with its head, as it was read.</param>
    /// <param name="head">What the head reads.</param>
    /// <exception cref="InvalidDataException">Tensors are missing, unknown or of another shape; the message names all of them.</exception>
    public static FittedAdapter To(BaseModelFiles files, PeftAdapter adapter, HeadSpec head)
    {
        EncoderConfig encoder = EncoderConfig.Read(files.ReadConfig());
        using (WeightSource weights = files.OpenWeights())
        {
            adapter = FoldUpBiases(weights, encoder.Family, adapter);
        }

        if (head.Pooling != Pooling.FamilyHead && encoder.Family.Head.Dense is { } dense)
        {
            adapter = Without(adapter, dense + ".");
        }

        string[] modules = [.. adapter.State.Names.Select(PeftKeys.AdaptedModule).OfType<string>().Distinct()];
        CheckRanks(files, adapter, modules);
        AdapterConfig exact = adapter.Config with
        {
            TargetModules = TargetModules.ByName(modules),
            LayersToTransform = null,
        };
        try
        {
            using var model = new ManagedModel(
                new SessionSpec { Base = files, Adapter = exact, Head = head }, prepare: false);
            model.Import(adapter.State);
            IEnumerable<string> named = model.Model.Slots
                .Where(slot => adapter.Config.TargetModules.Matches(slot)
                    && (adapter.Config.LayersToTransform?.Contains(slot.LayerIndex) ?? true))
                .Select(slot => slot.Name);
            AdapterConfig config = named.Order(StringComparer.Ordinal).SequenceEqual(modules.Order(StringComparer.Ordinal))
                ? adapter.Config
                : exact;
            AdapterState plain = model.Export();
            plain.KeepStored(adapter.State);
            return new FittedAdapter(
                adapter with { Config = StartAsUpdate.Plain(config), State = plain }, model.Model.ParameterCount);
        }
        catch (ArgumentException error)
        {
            throw new InvalidDataException(
                $"The adapter cannot be put on the base model in '{files.Description}'. {error.Message}", error);
        }
    }

    // Memory is asked for by the ranks of the settings, so these have to be those of the tensors in the file.
    private static void CheckRanks(BaseModelFiles files, PeftAdapter adapter, string[] modules)
    {
        var problems = new List<string>();
        foreach (string module in modules)
        {
            int rank = adapter.Config.RankAndScaling(module).Rank;
            if (adapter.State.Find(module + PeftKeys.Down) is not { Shape: [var rows, _] } || rows != rank)
            {
                problems.Add($"{module + PeftKeys.Down} has not the {rank} rows that the settings give it");
            }
        }

        if (problems.Count > 0)
        {
            Throw.InvalidData_Problems(files.Description, "the adapter cannot be put on this base model", problems);
        }
    }

    private static PeftAdapter FoldUpBiases(WeightSource weights, ModelFamily family, PeftAdapter adapter) =>
        adapter.State.Names.Any(name => name.EndsWith(PeftKeys.UpBias, StringComparison.Ordinal))
            ? PeftAdapterReader.FoldUpBiases(adapter, module => BiasOf(weights, family, module))
            : adapter;

    private static float[]? BiasOf(WeightSource weights, ModelFamily family, string module)
    {
        string path = module + ".bias";
        string bare = path.StartsWith(family.Prefix, StringComparison.Ordinal) ? path[family.Prefix.Length..] : path;
        return (weights.Find(path) ?? weights.Find(bare))?.ToArray();
    }

    // What an encoder's adapter has of the family's pooler is no part of a model whose head does not read it.
    private static PeftAdapter Without(PeftAdapter adapter, string path)
    {
        var state = new AdapterState();
        foreach ((string name, AdapterTensor tensor) in adapter.State.Tensors)
        {
            if (!name.StartsWith(path, StringComparison.Ordinal))
            {
                state[name] = tensor;
            }
        }

        return adapter with { State = state, Config = adapter.Config with { ModulesToSave = [] } };
    }
}
