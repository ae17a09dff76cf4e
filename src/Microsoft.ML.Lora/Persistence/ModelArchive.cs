using System.Reflection;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tokenization.Files;

namespace Microsoft.ML.Lora.Persistence;

/// <summary>Saves a model into the folder that ML.NET gives it in a zip, and loads it back.</summary>
/// <remarks>
/// The folder holds, beside ML.NET's own Model.key (a header, then one text: the SHA-256 of manifest.json):
/// <list type="bullet">
/// <item>adapter_config.json, adapter_model.safetensors (and for a head of our own classification_head.safetensors with
/// classify.py, which applies it in Python): the adapter and the head, as PEFT has them;</item>
/// <item>config.json and the tokenizer's files, as the base model has them;</item>
/// <item>model.safetensors: the base's weights, when the archive carries them; of a model trained in full its own weights, and
/// neither adapter nor base; where the head alone was trained, classification_head.safetensors holds its tensors by their names;</item>
/// <item>manifest.json: format version, columns, labels, base and its hash, training history, and of every other file the
/// length and SHA-256, which are checked when it is read.</item>
/// </list>
/// </remarks>
internal static class ModelArchive
{
    private const string ManifestFile = "manifest.json";
    private const string ConfigFile = "config.json";
    private const string WeightsFile = "model.safetensors";

    /// <summary>Writes the files.</summary>
    /// <param name="model">The model.</param>
    /// <param name="save">Creates an entry of that name and lets the action write it.</param>
    /// <returns>The text for Model.key.</returns>
    public static string Write(ModelContents model, Action<string, Action<Stream>> save)
    {
        var writer = new ArchiveWriter(save);
        if (model.FineTuning == FineTuning.Lora)
        {
            ArchivedAdapter.Write(model, writer.Write);
        }
        else
        {
            writer.Write(TensorsFile(model.FineTuning), stream => ArchivedState.Write(stream, model));
        }
        writer.Copy(model.BaseFiles, ConfigFile);
        foreach (string name in TokenizerFiles.Names.Where(model.BaseFiles.Exists))
        {
            writer.Copy(model.BaseFiles, name);
        }
        bool full = model.FineTuning == FineTuning.Full;
        bool included = model.ArchivesBase && model.BaseOrigin.Kind != BaseKind.Embedded && !full;
        if (included)
        {
            WriteWeights(model.BaseFiles, writer);
        }
        return writer.WriteManifest(ManifestFile, new ModelManifest
        {
            FormatVersion = model.FineTuning == FineTuning.Lora ? ModelManifest.FormatOfUpdates : ModelManifest.CurrentFormat,
            LibraryVersion = LibraryVersion(),
            Base = new ManifestBase(model.BaseOrigin.Kind, model.BaseOrigin.Id, model.BaseOrigin.Revision,
                model.BaseSha256, included),
            Columns = model.Columns,
            Labels = model.Labels,
            MaxTokens = model.MaxTokens,
            TotalParameters = model.TotalParameters,
            Pooling = model.Head.Pooling.ToString(),
            FineTuning = model.FineTuning,
            Training = model.Training,
            Files = writer.Files,
        });
    }

    /// <summary>Reads the files and checks each.</summary>
    /// <param name="header">The text of Model.key.</param>
    /// <param name="tryRead">Opens the entry of that name for the action; false when there is none.</param>
    /// <exception cref="InvalidDataException">An entry is missing, cut or altered, or the base model is another.</exception>
    public static ModelContents Read(string header, Func<string, Action<Stream>, bool> tryRead)
    {
        var reader = new ArchiveReader(tryRead);
        ModelManifest manifest = reader.ReadManifest(ManifestFile, header);
        Dictionary<string, byte[]> files = manifest.Files.ToDictionary(file => file.Name, reader.Read);
        bool needsBase = !manifest.Base.Included && manifest.FineTuning != FineTuning.Full;
        BaseModelFiles? outside = needsBase ? OpenBase(manifest.Base) : null;
        var baseFiles = new ArchivedModelFiles(files, outside);
        Pooling pooling = ParsePooling(manifest.Pooling);
        (AdapterConfig config, AdapterState state) = ReadTrained(manifest.FineTuning, pooling, baseFiles, files);
        return new ModelContents
        {
            Columns = manifest.Columns,
            Labels = manifest.Labels,
            MaxTokens = manifest.MaxTokens,
            FineTuning = manifest.FineTuning,
            AdapterConfig = config,
            Adapter = state,
            Head = new HeadSpec { Outputs = manifest.Labels.Count, Pooling = pooling },
            BaseFiles = baseFiles,
            BaseSha256 = manifest.Base.Sha256,
            BaseOrigin = new BaseOrigin(manifest.Base.Kind, manifest.Base.Id, manifest.Base.Revision),
            ArchivesBase = manifest.Base.Included || manifest.FineTuning == FineTuning.Full,
            TotalParameters = manifest.TotalParameters,
            Training = manifest.Training,
        };
    }

    private static (AdapterConfig Config, AdapterState State) ReadTrained(
        FineTuning fineTuning, Pooling pooling, BaseModelFiles baseFiles, Dictionary<string, byte[]> files)
    {
        if (fineTuning != FineTuning.Lora)
        {
            string name = TensorsFile(fineTuning);
            return (new AdapterConfig(), ArchivedState.Read(Entry(files, name), name));
        }
        PeftAdapter adapter = ArchivedAdapter.Read(baseFiles, pooling, name => Entry(files, name));
        return (adapter.Config, adapter.State);
    }

    private static string TensorsFile(FineTuning fineTuning) =>
        fineTuning == FineTuning.Full ? WeightsFile : PeftHeadFile.Name;

    private static byte[] Entry(Dictionary<string, byte[]> files, string name) => files.GetValueOrDefault(name)
        ?? throw new InvalidDataException($"The saved model is damaged: its entry {ManifestFile} does not list {name}.");

    private static Pooling ParsePooling(string name) => Enum.TryParse(name, out Pooling pooling)
        ? pooling
        : throw new InvalidDataException(
            $"The entry {ManifestFile} of the saved model asks for the pooling '{name}', which this library does not know.");

    // A base in one safetensors file goes in as it is; shards and pickles are joined, their numbers unchanged.
    private static void WriteWeights(BaseModelFiles files, ArchiveWriter writer)
    {
        if (files.Exists(WeightsFile))
        {
            writer.Copy(files, WeightsFile);
            return;
        }
        using WeightSource weights = files.OpenWeights();
        writer.Write(WeightsFile, stream => SafetensorsWriter.Write(
            stream, weights.Names.Select(name => TensorToWrite.Copy(weights.Find(name)!)), weights.Metadata));
    }

    private static BaseModelFiles OpenBase(ManifestBase origin)
    {
        BaseModelFiles files;
        try
        {
            files = new BaseOrigin(origin.Kind, origin.Id, origin.Revision).Open(null, CancellationToken.None);
        }
        catch (DirectoryNotFoundException error)
        {
            throw new InvalidDataException(
                $"The saved model does not carry its base model, which was in '{origin.Id}', and that folder is not there. " +
                "Put the base model there, or save the model with SaveBaseModel = true.", error);
        }
        if (files.Identity != origin.Sha256)
        {
            throw new InvalidDataException(
                $"The base model in '{files.Description}' is not the one the saved model was trained on: its weights have " +
                $"the SHA-256 {files.Identity}, not {origin.Sha256}.");
        }
        return files;
    }

    private static string LibraryVersion() =>
        typeof(ModelArchive).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? "unknown";
}
