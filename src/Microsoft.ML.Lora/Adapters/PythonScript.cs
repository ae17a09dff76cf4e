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

    // A base kept in 16 bits is widened, as here; so is a layer that a file holds in 16 bits.
    private const string Adapter = """
        import os, sys, peft, safetensors, torch, transformers
        folder = os.path.dirname(os.path.abspath(__file__))
        base = os.environ.get("BASE_MODEL") or peft.PeftConfig.from_pretrained(folder).base_model_name_or_path
        tokenizer, model = transformers.AutoTokenizer.from_pretrained(base), transformers.AutoModel.from_pretrained(base).float()
        model, head = peft.PeftModel.from_pretrained(model, folder), safetensors.safe_open(folder + "/{HEAD}", "pt")

        """;

    private const string Merged = """
        import os, sys, safetensors, torch, transformers
        folder = os.path.dirname(os.path.abspath(__file__))
        tokenizer, model = transformers.AutoTokenizer.from_pretrained(folder), transformers.AutoModel.from_pretrained(folder)
        head = safetensors.safe_open(folder + "/{HEAD}", "pt")

        """;

    private const string Application = """
        def logits({PARAMETERS}):
            batch = tokenizer({PARAMETERS}, padding=True, truncation=True, max_length={MAX_TOKENS}, return_tensors="pt")
            states, mask = model(**batch).last_hidden_state, batch["attention_mask"].unsqueeze(-1)
            return {POOLED} @ head.get_tensor("weight").float().T + head.get_tensor("bias").float()
        if __name__ == "__main__": print(head.metadata()["labels"], logits({VALUES}).softmax(-1).tolist(), sep="\n")

        """;

    /// <summary>The file's content.</summary>
    /// <param name="head">The output layer.</param>
    /// <param name="merged">Whether the folder holds the merged encoder with its tokenizer, rather than an adapter.</param>
    public static byte[] For(PeftHead head, bool merged)
    {
        var text = new StringBuilder((merged ? Merged : Adapter) + Application)
            .Replace("{HEAD}", PeftHeadFile.Name)
            .Replace("{PARAMETERS}", head.TakesPairs ? "texts, pairs" : "texts")
            .Replace("{MAX_TOKENS}", head.MaxTokens.ToString(CultureInfo.InvariantCulture))
            .Replace("{POOLED}", head.ReadsMean ? "((states * mask).sum(1) / mask.sum(1))" : "states[:, 0]")
            .Replace("{VALUES}", head.TakesPairs ? "sys.argv[1::2], sys.argv[2::2]" : "sys.argv[1:]")
            .Replace("\r", string.Empty);
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
