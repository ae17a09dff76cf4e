using System.Text;

namespace Microsoft.ML.Lora.Persistence;

/// <summary>The README.md beside an exported adapter: its base, its classes, and the lines of Python that load it.</summary>
internal static class ModelCard
{
    /// <summary>The file's name.</summary>
    public const string Name = "README.md";

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
            .Replace("{BASE}", Quoted(model.BaseOrigin.PythonName), StringComparison.Ordinal)
            .Replace("{CLASSES}", string.Join(", ", labels.Select(label => $"`{label.Replace('`', '\'')}`")), StringComparison.Ordinal)
            .Replace("{LABELS}", $"[{string.Join(", ", labels.Select(Quoted))}]", StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n"));
    }

    /// <summary>A text as Python and YAML read it.</summary>
    /// <remarks>Not JSON: its writer makes two escapes of a character beyond 16 bits, which Python takes for two characters.</remarks>
    internal static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (Rune rune in text.EnumerateRunes())
        {
            quoted.Append(rune.Value is '"' or '\\' ? $"\\{rune}"
                : Rune.IsControl(rune) ? FormattableString.Invariant($"\\x{rune.Value:x2}")
                : rune.ToString());
        }
        return quoted.Append('"').ToString();
    }
}
