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
        bool ownHead = model.Head.Pooling != Pooling.FamilyHead;
        var adapter = new PeftAdapter(model.AdapterConfig, model.Adapter, model.BaseOrigin.PythonName,
            ownHead ? PeftTask.FeatureExtraction : PeftTask.SequenceClassification);
        PeftAdapterWriter.Write(adapter, ModulePrefix(model.BaseFiles), save);
        if (ownHead)
        {
            save(PeftHeadWriter.TensorsFile, stream => PeftHeadWriter.WriteTensors(stream, model.Adapter,
                model.Labels.Names(), model.Head.Pooling == Pooling.Mean, model.MaxTokens));
        }
    }

    /// <summary>Reads the files.</summary>
    /// <param name="baseFiles">The base model.</param>
    /// <param name="pooling">What the head reads.</param>
    /// <param name="entry">The content of the file of that name.</param>
    public static PeftAdapter Read(BaseModelFiles baseFiles, Pooling pooling, Func<string, byte[]> entry)
    {
        using SafetensorsFile tensors = Open(PeftAdapterReader.TensorsFile, entry);
        ConfigJson config = ConfigJson.Parse(entry(PeftAdapterReader.ConfigFile), PeftAdapterReader.ConfigFile);
        PeftAdapter adapter = PeftAdapterReader.Read(config, tensors, ModulePrefix(baseFiles));
        if (pooling != Pooling.FamilyHead)
        {
            using SafetensorsFile head = Open(PeftHeadWriter.TensorsFile, entry);
            PeftHeadWriter.ReadTensors(head, adapter.State);
        }
        return adapter;
    }

    private static SafetensorsFile Open(string name, Func<string, byte[]> entry) =>
        SafetensorsFile.Open(MappedMemory.FromArray(entry(name)), name);

    private static string ModulePrefix(BaseModelFiles files) => EncoderConfig.Read(files.ReadConfig()).Family.Prefix;
}
