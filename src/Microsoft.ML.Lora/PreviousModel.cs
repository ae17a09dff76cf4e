using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Persistence;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tasks;

namespace Microsoft.ML.Lora;

/// <summary>A trained model that a run goes on from: whether it fits, the classes of both, and the tensors to start with.</summary>
internal sealed class PreviousModel(ModelContents contents)
{
    /// <summary>A hash of its tensors.</summary>
    public string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (AdapterTensor tensor in contents.Adapter.Tensors.Select(pair => pair.Value))
        {
            hash.AppendData(MemoryMarshal.AsBytes<float>(tensor.Values));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Checks all but the classes, before anything is read.</summary>
    /// <param name="settings">The settings of the run.</param>
    /// <param name="files">The base model of the run.</param>
    /// <param name="pooling">What the head of the run reads.</param>
    /// <exception cref="ArgumentException">The run cannot go on from the model; the message names every reason.</exception>
    public void Check(TrainerSettings settings, BaseModelFiles files, Pooling pooling)
    {
        var problems = new List<string>();
        if (files.Identity != contents.BaseSha256)
        {
            problems.Add($"its base model is {contents.BaseOrigin.Id}, with weights of SHA-256 {contents.BaseSha256}, and " +
                $"BaseModel is {settings.BaseModel}, with {files.Identity}");
        }
        if (settings.FineTuning != contents.FineTuning)
        {
            problems.Add($"it was trained with FineTuning = {contents.FineTuning}, and FineTuning is {settings.FineTuning}");
        }
        if (settings.Options.Loss == LoraLoss.Contrastive)
        {
            problems.Add("Loss is Contrastive, which fits a head anew, and its head is to be kept: choose another Loss");
        }
        if (pooling != contents.Head.Pooling)
        {
            problems.Add($"its head reads {contents.Head.Pooling}, and Pooling gives {pooling}");
        }
        if (problems.Count == 0 && settings.FineTuning == FineTuning.Lora)
        {
            AdapterConfig config = settings.Options.Rank.IsAuto ? WithItsRanks(settings.Adapter) : settings.Adapter;
            problems.AddRange(AdapterProblems(config));
        }
        ThrowIfAny(problems);
    }

    /// <summary>The config with the ranks and alphas of the model.</summary>
    public AdapterConfig WithItsRanks(AdapterConfig config) => config with
    {
        Rank = contents.AdapterConfig.Rank,
        Alpha = contents.AdapterConfig.Alpha,
        RankPattern = contents.AdapterConfig.RankPattern,
        AlphaPattern = contents.AdapterConfig.AlphaPattern,
    };

    /// <summary>The classes of a run over the rows of <paramref name="labels"/>: these, then those the model alone has.</summary>
    /// <param name="labels">The classes of the rows.</param>
    /// <param name="mayGrow">Whether the rows may have classes that the model does not know.</param>
    /// <exception cref="ArgumentException">They may not and do, or their values are of another type.</exception>
    public LabelSet Join(LabelSet labels, bool mayGrow)
    {
        LabelSet own = contents.Labels;
        if (labels.ValueType != own.ValueType)
        {
            ThrowIfAny([$"its classes are {Describe(own)}, and those of the rows {Describe(labels)}"]);
        }
        string[] mine = own.Names(), theirs = labels.Names();
        string[] added = [.. theirs.Except(mine, StringComparer.Ordinal)];
        if (added.Length > 0 && !mayGrow)
        {
            ThrowIfAny([$"the rows' label has {added.Length} classes it does not know: {string.Join(", ", added.Take(20))}. " +
                "Set AddNewClasses to true to add them to its head, or leave those rows out"]);
        }
        string[] all = [.. theirs, .. mine.Except(theirs, StringComparer.Ordinal)];
        return labels with { Count = all.Length, Values = labels.Values is null ? null : all };
    }

    /// <summary>Gives a session the model's tensors; the head's rows go to the classes of the same name.</summary>
    /// <param name="session">A session of the run, before its first step; it keeps its own start for new classes.</param>
    /// <param name="labels">The classes of the run.</param>
    public void Start(ITrainingSession session, LabelSet labels)
    {
        AdapterState fresh = session.Export();
        var state = new AdapterState();
        string? output = contents.Adapter.Names.FirstOrDefault(PeftKeys.IsOutputLayer);
        string? bias = output is null ? null : output[..^"weight".Length] + "bias";
        foreach ((string name, AdapterTensor tensor) in contents.Adapter.Tensors)
        {
            state[name] = (name == output || name == bias) && fresh.Find(name) is { } start
                ? Regrouped(tensor, start, labels)
                : tensor;
        }
        session.Import(state);
    }

    private AdapterTensor Regrouped(AdapterTensor trained, AdapterTensor start, LabelSet labels)
    {
        int width = start.Values.Length / labels.Count;
        float[] values = [.. start.Values];
        Dictionary<string, int> rows = contents.Labels.Names().Select((name, row) => (name, row))
            .ToDictionary(pair => pair.name, pair => pair.row, StringComparer.Ordinal);
        for (int i = 0; i < labels.Count; i++)
        {
            if (rows.TryGetValue(labels.NameOf(i), out int row))
            {
                trained.Values.AsSpan(row * width, width).CopyTo(values.AsSpan(i * width));
            }
        }
        return new AdapterTensor(start.Shape, values);
    }

    private IEnumerable<string> AdapterProblems(AdapterConfig config)
    {
        AdapterConfig own = contents.AdapterConfig;
        if (config.Initialization is AdapterInitialization.Pissa or AdapterInitialization.Olora)
        {
            yield return $"Initialization is {config.Initialization}, which starts from the base alone: take another, with Rank " +
                string.Create(CultureInfo.InvariantCulture, $"{own.Rank} and Alpha {own.Alpha}");
        }
        if (config.Rank != own.Rank)
        {
            yield return $"its Rank is {own.Rank}, and Rank is {config.Rank}";
        }
        if (config.Alpha != own.Alpha)
        {
            yield return string.Create(CultureInfo.InvariantCulture,
                $"its Alpha is {own.Alpha}, and Alpha is {config.Alpha}");
        }
        if (config.UseRsLora != own.UseRsLora)
        {
            yield return $"its updates are scaled by alpha/{(own.UseRsLora ? "√r" : "r")}: set Scaling to that";
        }
        if (config.UseDora != own.UseDora)
        {
            yield return $"it was trained with{(own.UseDora ? "" : "out")} DoRA: set Formulation to that";
        }
    }

    private static string Describe(LabelSet labels) =>
        labels.ValueType is null ? "numbers without key values" : $"key values of the type {labels.ValueType}";

    private static void ThrowIfAny(IReadOnlyList<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new ArgumentException($"Training cannot go on from the previous model: {string.Join("; ", problems)}. " +
                "Options.GoingOnFrom(model) gives options that fit.", "previous");
        }
    }
}
