using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Persistence;

/// <summary>
/// The adapter's files in an archive, as PEFT has them: with its family's classification head a model for SEQ_CLS; with
/// another head, which no class of transformers has, the encoder's adapter (FEATURE_EXTRACTION) and the head beside it.
/// </summary>
internal static class ArchivedAdapter
{
    /// <summary>Writes the files.</summary>
    /// <param name="model">The model.</param>
    /// <param name="save">Makes a file of that name and lets the action write it.</param>
    public static void Write(ModelContents model, Action<string, Action<Stream>> save)
    {
        PeftAdapterWriter.Write(AdapterOf(model), FamilyOf(model.BaseFiles).Prefix, save);
        WriteHead(model, merged: false, save);
    }

    /// <summary>Writes the head where no class of transformers has it, with the Python file that applies it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="merged">Whether it lies beside the merged encoder, rather than beside the encoder's adapter.</param>
    /// <param name="save">Makes a file of that name and lets the action write it.</param>
    public static void WriteHead(ModelContents model, bool merged, Action<string, Action<Stream>> save)
    {
        if (HeadOf(model) is { } head)
        {
            save(PeftHeadFile.Name, stream => PeftHeadFile.Write(stream, head));
            save(PythonScript.Name, stream => stream.Write(PythonScript.For(head, merged)));
        }
    }

    /// <summary>The model's adapter as PEFT has it.</summary>
    public static PeftAdapter AdapterOf(ModelContents model)
    {
        bool hasOwnHead = model.Head.Pooling != Pooling.FamilyHead;
        return new PeftAdapter(model.AdapterConfig, model.Adapter, model.BaseOrigin.PythonName,
            hasOwnHead ? PeftTask.FeatureExtraction : PeftTask.SequenceClassification)
        {
            Revision = model.BaseOrigin.Revision is "main" ? null : model.BaseOrigin.Revision,
            Labels = model.Labels.Names(),
            MaxTokens = model.MaxTokens,
        };
    }

    /// <summary>The model's output layer where no class of transformers has it; null for the head of the base's family.</summary>
    public static PeftHead? HeadOf(ModelContents model) => model.Head.Pooling == Pooling.FamilyHead
        ? null
        : new PeftHead(model.Adapter, model.Labels.Names(), model.Head.Pooling == Pooling.Mean, model.MaxTokens,
            model.Columns.TextPair is not null);

    /// <summary>The family of a base model.</summary>
    public static ModelFamily FamilyOf(BaseModelFiles files) => EncoderConfig.Read(files.ReadConfig()).Family;

    /// <summary>Reads the files.</summary>
    /// <param name="baseFiles">The base model.</param>
    /// <param name="pooling">What the head reads.</param>
    /// <param name="entry">The content of the file of that name.</param>
    public static PeftAdapter Read(BaseModelFiles baseFiles, Pooling pooling, Func<string, byte[]> entry)
    {
        using SafetensorsFile tensors = Open(PeftAdapterReader.TensorsFile, entry);
        ConfigJson config = ConfigJson.Parse(entry(PeftAdapterReader.ConfigFile), PeftAdapterReader.ConfigFile);
        PeftAdapter adapter = PeftAdapterReader.Read(config, tensors, FamilyOf(baseFiles).Prefix);
        if (pooling != Pooling.FamilyHead)
        {
            using SafetensorsFile head = Open(PeftHeadFile.Name, entry);
            PeftHeadFile.ReadTensors(head, adapter.State);
        }
        return adapter;
    }

    private static SafetensorsFile Open(string name, Func<string, byte[]> entry) =>
        SafetensorsFile.Open(MappedMemory.FromArray(entry(name)), name);
}
