using Microsoft.ML.Data;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Persistence;

namespace Microsoft.ML.Lora;

public sealed partial class LoraModel
{
    /// <summary>
    /// Writes the adapter as a folder that Python's PEFT loads: adapter_config.json, adapter_model.safetensors and a README.md
    /// with the lines of Python that load it. A model with the classification head of its base's family is an adapter for
    /// SEQ_CLS; one that reads the mean of the tokens, or the first token without the family's head, is the encoder's adapter
    /// (FEATURE_EXTRACTION) with classification_head.safetensors and a short classify.py, which loads and applies both.
    /// </summary>
    /// <remarks>
    /// Everything is written beside the folder first, then put into place: a failure leaves the folder as it was. Files of these
    /// names in a folder that exists are replaced, other files stay. The embedded base model is all-MiniLM-L6-v2 with weights
    /// rounded to 16 bits; over the one on the hub scores differ from the third decimal on. <see cref="SaveMerged"/> does not
    /// depend on the base.
    /// <para>
    /// Tensors of an adapter that was read (<see cref="LoraCatalog.LoraFromAdapter"/>) are written as its files held them, in
    /// float16, bfloat16, float32 or float64 and bit for bit, though the model computes with float32; also after it was saved in
    /// a zip and loaded. What has been trained here, further training of such an adapter included, is float32 and written so, and
    /// so is what is computed from an adapter: PiSSA and OLoRA made plain, updates that were cut, biases of B that were added to
    /// those of their layers.
    /// </para>
    /// </remarks>
    /// <param name="folder">The folder; made when it is not there.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    /// <exception cref="InvalidOperationException">The model has no low-rank updates: it was trained in full, or its head alone.</exception>
    /// <exception cref="IOException">The folder holds a whole model (a config.json), the path is a file, or writing fails.</exception>
    public void SavePeft(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        if (!HasUpdates)
        {
            throw new InvalidOperationException(
                $"The model was trained with FineTuning {FineTuning}: it has no low-rank updates to write. SaveMerged writes it whole.");
        }
        ModelExport.SavePeft(Contents, folder);
    }

    /// <summary>
    /// Writes the model with its updates added to the base's weights as a folder that transformers loads: config.json with the
    /// labels (id2label, label2id), model.safetensors in float32, and the tokenizer's files. A model with the classification head
    /// of its base's family is one for sequence classification; another is an encoder with classification_head.safetensors and
    /// a short classify.py, which loads and applies both.
    /// </summary>
    /// <remarks>
    /// Everything is written beside the folder first, then put into place: a failure leaves the folder as it was. Files of these
    /// names in a folder that exists are replaced, and tokenizer files that this model does not have are removed; others stay.
    /// <see cref="LoraBaseModel.FromFolder"/> takes the folder as a base to fine-tune further.
    /// </remarks>
    /// <param name="folder">The folder; made when it is not there.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    /// <exception cref="IOException">The folder holds an adapter (an adapter_config.json) or is the base model's own, the path is
    /// a file, or writing fails.</exception>
    public void SaveMerged(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        ModelExport.SaveMerged(Contents, folder);
    }

    /// <summary>
    /// Writes a model zip without the base model's weights, whatever the trainer's <c>SaveBaseModel</c> says:
    /// <c>mlContext.Model.Load</c> looks for the base where it was (its folder, the hub, the embedded one) and checks its SHA-256.
    /// </summary>
    /// <remarks>
    /// The zip holds this transformer alone, not the pipeline around it; its schema is the text columns. A file that exists is
    /// replaced once the new one is complete.
    /// </remarks>
    /// <param name="zip">The path of the file; its folder is made when it is not there.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    /// <exception cref="InvalidOperationException">The model was trained in full: all of it is its own.</exception>
    /// <exception cref="IOException">Writing fails.</exception>
    public void SaveAdapterOnly(string zip)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(zip);
        if (Contents.FineTuning == Providers.FineTuning.Full)
        {
            throw new InvalidOperationException(
                "The model was trained in full: nothing of it is the base model's, and mlContext.Model.Save keeps all of it.");
        }
        var context = new MLContext();
        using var transformer = new LoraTransformer(
            context, new LoraModel(Contents with { ArchivesBase = false }, _threads));
        var schema = new DataViewSchema.Builder();
        schema.AddColumn(Contents.Columns.Text, TextDataViewType.Instance);
        if (Contents.Columns.TextPair is { } pair)
        {
            schema.AddColumn(pair, TextDataViewType.Instance);
        }
        AtomicFile.Write(zip, stream => context.Model.Save(transformer, schema.ToSchema(), stream));
    }
}
