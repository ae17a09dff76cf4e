using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tokenization.Files;

namespace Microsoft.ML.Lora.Persistence;

/// <summary>Writes a model as the folders that Python reads: an adapter of PEFT, or a whole model of transformers.</summary>
internal static class ModelExport
{
    private static readonly Dictionary<string, string> _besideNoAdapter = new()
    {
        [PeftAdapterReader.ConfigFile] = "an adapter",
    };

    private static readonly Dictionary<string, string> _besideNoModel = new()
    {
        [MergedModelWriter.ConfigFile] = "a model",
    };

    private static readonly string[] _ofAdapters =
        ["adapter_model.bin", PeftHeadFile.Name, PythonScript.Name];

    private static readonly string[] _ofModels =
        [.. TokenizerFiles.Names, "model.safetensors.index.json", PeftHeadFile.Name, PythonScript.Name];

    /// <summary>Writes the adapter: PEFT's two files, the head where PEFT has no class for it, a model card.</summary>
    /// <exception cref="InvalidOperationException">The model has no low-rank updates.</exception>
    public static void SavePeft(ModelContents model, string folder)
    {
        if (model.FineTuning != FineTuning.Lora)
        {
            throw new InvalidOperationException(
                $"The model was trained with FineTuning = {model.FineTuning}: it has no low-rank updates that an adapter could hold. " +
                "SaveMerged writes it as a whole model.");
        }
        ExportFolder.Write(folder, _besideNoModel, _ofAdapters, save =>
        {
            ArchivedAdapter.Write(model, save);
            save(ModelCard.Name, stream => stream.Write(ModelCard.For(model)));
        });
    }

    /// <summary>Writes the model with its updates merged: config, weights, tokenizer, and the head as above.</summary>
    public static void SaveMerged(ModelContents model, string folder)
    {
        RefuseOwnBase(model, folder);
        ModelFamily family = ArchivedAdapter.FamilyOf(model.BaseFiles);
        MergedModelFacts facts = ArchivedAdapter.HeadOf(model) is null
            ? new MergedModelFacts(family.ClassName + "ForSequenceClassification", model.Labels.Names(),
                "single_label_classification")
            : new MergedModelFacts(family.ClassName + "Model", [], null);
        ExportFolder.Write(folder, _besideNoAdapter, _ofModels, save =>
        {
            MergedModelWriter.Write(model.BaseFiles, ArchivedAdapter.AdapterOf(model), family.Prefix, facts, save);
            ArchivedAdapter.WriteHead(model, merged: true, save);
        });
    }

    private static void RefuseOwnBase(ModelContents model, string folder)
    {
        if (model.BaseOrigin.Kind == BaseKind.Folder && Trimmed(model.BaseOrigin.Id) == Trimmed(folder))
        {
            throw new IOException(
                $"The folder '{folder}' holds the base model of this model, which is still read from there: name another one.");
        }

        static string Trimmed(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
    }
}
