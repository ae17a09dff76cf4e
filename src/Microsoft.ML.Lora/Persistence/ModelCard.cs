using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Microsoft.ML.Lora.Persistence;

/// <summary>The README.md beside an exported adapter: its base, its classes, and the lines of Python that load it.</summary>
internal static class ModelCard
{
    /// <summary>The file's name.</summary>
    public const string Name = "README.md";

    private static readonly JsonSerializerOptions _json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string Family = """
        ```python
        from peft import PeftModel
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        labels = {LABELS}
        base = AutoModelForSequenceClassification.from_pretrained(
            {BASE}, num_labels=len(labels), id2label=dict(enumerate(labels)), label2id={l: i for i, l in enumerate(labels)})
        base = base.float()  # whatever the files hold
        model = PeftModel.from_pretrained(base, "path of this folder").eval()
        tokenizer = AutoTokenizer.from_pretrained({BASE})
        batch = tokenizer(["a text"{PAIR}], truncation=True, max_length={MAX_TOKENS}, return_tensors="pt")
        print(model(**batch).logits.softmax(-1))
        ```

        """;

    private const string OwnHead = """
        Its output layer, which no class of transformers has, is `classification_head.safetensors`; `classify.py` loads and
        applies both (the environment variable BASE_MODEL says where the base lies, if not there):

        ```
        python classify.py {ARGUMENTS}
        ```

        """;

    private const string Card = """
        ---
        base_model: {BASE}
        library_name: peft
        pipeline_tag: text-classification
        tags:
        - lora
        ---

        A classifier of {INPUTS}: low-rank updates (LoRA) of {BASE}, trained or kept by Microsoft.ML.Lora. Its classes, in the order
        of its outputs: {CLASSES}.


        """;

    /// <summary>The file's content.</summary>
    public static byte[] For(ModelContents model)
    {
        bool pairs = model.Columns.TextPair is not null;
        string[] labels = model.Labels.Names();
        string text = (Card + (ArchivedAdapter.HeadOf(model) is null ? Family : OwnHead))
            .Replace("{INPUTS}", pairs ? "pairs of texts" : "texts", StringComparison.Ordinal)
            .Replace("{ARGUMENTS}", pairs ? "\"a text\" \"its second text\"" : "\"a text\" \"another\"", StringComparison.Ordinal)
            .Replace("{PAIR}", pairs ? "], [\"its second text\"" : "", StringComparison.Ordinal)
            .Replace("{MAX_TOKENS}", FormattableString.Invariant($"{model.MaxTokens}"), StringComparison.Ordinal)
            .Replace("{BASE}", JsonSerializer.Serialize(model.BaseOrigin.PythonName, _json), StringComparison.Ordinal)
            .Replace("{CLASSES}", string.Join(", ", labels.Select(label => $"`{label.Replace('`', '\'')}`")), StringComparison.Ordinal)
            .Replace("{LABELS}", JsonSerializer.Serialize(labels, _json), StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n"));
    }
}
