using System.Text.RegularExpressions;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>
/// The names of tensors in PEFT's files: <c>base_model.model.</c>, the module path, and what the tensor is. Older and
/// other spellings are brought to the one form that <see cref="AdapterState"/> uses.
/// </summary>
internal static partial class PeftKeys
{
    /// <summary>What stands before every module path.</summary>
    public const string Prefix = "base_model.model.";

    /// <summary>The suffix of A.</summary>
    public const string Down = ".lora_A.weight";

    /// <summary>The suffix of B.</summary>
    public const string Up = ".lora_B.weight";

    /// <summary>The suffix of the bias of B.</summary>
    public const string UpBias = ".lora_B.bias";

    /// <summary>The suffix of DoRA's row lengths.</summary>
    public const string Magnitude = ".lora_magnitude_vector";

    /// <summary>Modules outside the adapters whose tensors are a classification head's.</summary>
    private static readonly string[] _heads = ["classifier.", "score.", "pre_classifier.", "head."];

    /// <summary>The suffixes that only adapters of other kinds have, with what each is called.</summary>
    private static readonly (string Part, string Kind)[] _others =
    [
        (".lora_embedding_A", "LoRA of an embedding (lora_embedding_A)"),
        (".lora_embedding_B", "LoRA of an embedding (lora_embedding_B)"),
        (".lora_E", "AdaLoRA (lora_E)"),
        (".ranknum", "AdaLoRA (ranknum)"),
        (".vera_lambda", "VeRA (vera_lambda)"),
        (".hada_", "LoHa (hada)"),
        (".lokr_", "LoKr (lokr)"),
        (".ia3_", "IA³ (ia3_l)"),
        (".oft_", "OFT (oft)"),
        (".boft_", "BOFT (boft)"),
        (".trainable_tokens_", "trainable_token_indices"),
        (".lora_diag", "kasa_config (lora_diag)"),
    ];

    /// <summary>Whether a tensor belongs to a classification head.</summary>
    public static bool IsHead(string name) => _heads.Any(head => name.StartsWith(head, StringComparison.Ordinal));

    /// <summary>Whether a tensor is the weight of a head's last layer.</summary>
    public static bool IsOutputLayer(string name) => name is "classifier.weight" or "classifier.out_proj.weight" or "score.weight";

    /// <summary>The module path of an adapted layer, for a tensor of its adapter; null for other tensors.</summary>
    public static string? AdaptedModule(string name)
    {
        foreach (var suffix in (ReadOnlySpan<string>)[Down, Up, UpBias, Magnitude])
        {
            if (name.EndsWith(suffix, StringComparison.Ordinal))
            {
                return name[..^suffix.Length];
            }
        }

        return null;
    }

    /// <summary>What kind of adapter other than LoRA a tensor belongs to; null for none.</summary>
    public static string? OtherKind(string key) => _others
        .Where(other => key.Contains(other.Part, StringComparison.Ordinal))
        .Select(other => other.Kind)
        .FirstOrDefault();

    /// <summary>The name that <see cref="AdapterState"/> uses; null for copies of the base that some versions left in.</summary>
    public static string? Normalize(string key)
    {
        var name = key.StartsWith(Prefix, StringComparison.Ordinal) ? key[Prefix.Length..] : key;
        if (name.Contains(".original_module.", StringComparison.Ordinal))
        {
            return null;
        }

        // In memory an adapter's name stands in the path; some ways of saving leave it there.
        name = AdapterName().Replace(name, "$1$2");
        name = MagnitudeName().Replace(name, Magnitude);
        name = SavedModule().Replace(name, ".");
        return name.Replace(".base_layer.", ".", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"(\.lora_[AB])\.[^.]+(\.weight|\.bias)$", RegexOptions.CultureInvariant)]
    private static partial Regex AdapterName();

    [GeneratedRegex(@"\.lora_magnitude_vector(\.[^.]+)?(\.weight)?$", RegexOptions.CultureInvariant)]
    private static partial Regex MagnitudeName();

    // What follows is a parameter's name, or a path inside the module; an adapter's name is neither.
    [GeneratedRegex(@"\.modules_to_save\.(default\.)?", RegexOptions.CultureInvariant)]
    private static partial Regex SavedModule();
}
