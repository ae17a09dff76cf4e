using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Training.Resuming;

namespace Microsoft.ML.Lora;

/// <summary>Gathers all that decides a run's bits: options, rows as they were encoded, classes and base model.</summary>
internal static class RunFacts
{
    // These change who watches a run, where it is kept or what is saved of it, not its bits, or stand below in another form.
    private static readonly HashSet<string> _ofNoMatter =
    [
        nameof(LoraTextClassificationTrainer.Options.BaseModel),
        nameof(LoraTextClassificationTrainer.Options.CancellationToken),
        nameof(LoraTextClassificationTrainer.Options.CheckpointFolder),
        nameof(LoraTextClassificationTrainer.Options.CheckpointInterval),
        nameof(LoraTextClassificationTrainer.Options.CheckpointSteps),
        nameof(LoraTextClassificationTrainer.Options.ClassWeights),
        nameof(LoraTextClassificationTrainer.Options.ExampleWeightColumnName),
        nameof(LoraTextClassificationTrainer.Options.LabelColumnName),
        nameof(LoraTextClassificationTrainer.Options.NumberOfThreads),
        nameof(LoraTextClassificationTrainer.Options.PredictedLabelColumnName),
        nameof(LoraTextClassificationTrainer.Options.Progress),
        nameof(LoraTextClassificationTrainer.Options.RecomputeActivations),
        nameof(LoraTextClassificationTrainer.Options.ReturnBestOnCancel),
        nameof(LoraTextClassificationTrainer.Options.SaveBaseModel),
        nameof(LoraTextClassificationTrainer.Options.ScoreColumnName),
        nameof(LoraTextClassificationTrainer.Options.Seed),
        nameof(LoraTextClassificationTrainer.Options.TextColumnName),
        nameof(LoraTextClassificationTrainer.Options.TextPairColumnName),
        nameof(LoraTextClassificationTrainer.Options.ValidationSet),
    ];

    /// <summary>The identity of a run.</summary>
    public static RunIdentity Of(
        LoraTextClassificationTrainer.Options options, TrainingData data, BaseModelFiles files, int seed)
    {
        Dictionary<string, string> facts = typeof(LoraTextClassificationTrainer.Options).GetFields()
            .Where(field => !_ofNoMatter.Contains(field.Name))
            .ToDictionary(field => field.Name, field => Text(field.GetValue(options)));
        facts[nameof(options.ClassWeights)] = Text(options.ClassWeights?.Of(data.Labels, data.Training));
        facts["weights of the base model"] = files.Identity;
        facts["classes"] = Hash(hash => Append(hash, string.Join('\n', data.Labels.Names())));
        facts["training rows"] = HashOf(data.Training);
        if (data.Previous is { } previous)
        {
            facts["previous model's tensors"] = previous.Hash();
        }
        facts["validation rows"] = HashOf(data.Validation);
        return new RunIdentity(seed, facts);
    }

    private static string Text(object? value) => value switch
    {
        null => "null",
        string text => text,
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable items => $"[{string.Join(", ", items.Cast<object?>().Select(Text))}]",
        _ => value.ToString() ?? "null",
    };

    private static string HashOf(IReadOnlyList<EncodedExample> examples) => Hash(hash =>
    {
        foreach (EncodedExample example in examples)
        {
            hash.AppendData(MemoryMarshal.AsBytes<int>(
                [example.Ids.Length, example.TypeIds?.Length ?? -1, example.ClassIndex,
                    BitConverter.SingleToInt32Bits(example.Weight)]));
            hash.AppendData(MemoryMarshal.AsBytes<int>(example.Ids));
            hash.AppendData(MemoryMarshal.AsBytes<int>(example.TypeIds));
        }
    });

    private static void Append(IncrementalHash hash, string text) => hash.AppendData(Encoding.UTF8.GetBytes(text));

    private static string Hash(Action<IncrementalHash> append)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        append(hash);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
