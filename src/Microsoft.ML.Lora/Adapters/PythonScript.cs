using System.Globalization;
using System.Text;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>
/// The Python file beside an output layer of our own: it loads encoder and layer, and applies both. An adapter's base is the one
/// that its settings name, unless the environment variable BASE_MODEL says where it lies.
/// </summary>
internal static class PythonScript
{
    /// <summary>The file's name.</summary>
    public const string Name = "classify.py";

    private const string Template = """
        # Class probabilities of {INPUTS}: python classify.py {ARGUMENTS}, or: from classify import logits
        import json, os, pathlib, sys, torch
        from safetensors import safe_open
        from transformers import AutoModel, AutoTokenizer
        {IMPORT}
        folder = str(pathlib.Path(__file__).resolve().parent)
        base = {BASE}
        model = {MODEL}.eval()
        tokenizer = AutoTokenizer.from_pretrained(base)
        with safe_open(folder + "/classification_head.safetensors", "pt") as head:
            weight, bias, labels = head.get_tensor("weight"), head.get_tensor("bias"), json.loads(head.metadata()["labels"])

        def logits({PARAMETERS}):
            batch = tokenizer({PARAMETERS}, padding=True, truncation=True, max_length={MAX_TOKENS}, return_tensors="pt")
            with torch.no_grad():
                states, mask = model(**batch).last_hidden_state, batch["attention_mask"].unsqueeze(-1)
            return {POOLED} @ weight.T + bias

        if __name__ == "__main__":
            for row in torch.softmax(logits({VALUES}), -1).tolist():
                print(dict(zip(labels, row)))

        """;

    private const string NamedBase =
        "os.environ.get(\"BASE_MODEL\") or PeftConfig.from_pretrained(folder).base_model_name_or_path";

    /// <summary>The file's content.</summary>
    /// <param name="head">The output layer.</param>
    /// <param name="merged">Whether the folder holds the merged encoder with its tokenizer, rather than an adapter.</param>
    public static byte[] For(PeftHead head, bool merged)
    {
        var text = new StringBuilder(Template)
            .Replace("{INPUTS}", head.TakesPairs ? "pairs of texts" : "texts")
            .Replace("{ARGUMENTS}", head.TakesPairs ? "\"a text\" \"its second text\"" : "\"a text\" \"another\"")
            .Replace("{IMPORT}", merged ? string.Empty : "from peft import PeftConfig, PeftModel\n")
            .Replace("{BASE}", merged ? "folder" : NamedBase)
            .Replace("{MODEL}", merged
                ? "AutoModel.from_pretrained(base)"
                : "PeftModel.from_pretrained(AutoModel.from_pretrained(base), folder)")
            .Replace("{PARAMETERS}", head.TakesPairs ? "texts, pairs" : "texts")
            .Replace("{MAX_TOKENS}", head.MaxTokens.ToString(CultureInfo.InvariantCulture))
            .Replace("{POOLED}", head.ReadsMean ? "((states * mask).sum(1) / mask.sum(1))" : "states[:, 0]")
            .Replace("{VALUES}", head.TakesPairs ? "sys.argv[1::2], sys.argv[2::2]" : "sys.argv[1:]")
            .Replace("\r", string.Empty);
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
