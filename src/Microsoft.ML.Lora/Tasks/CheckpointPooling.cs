using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Heads;

namespace Microsoft.ML.Lora.Tasks;

/// <summary>The pooling a base model asks for by the files that sentence-transformers puts beside it.</summary>
internal static class CheckpointPooling
{
    private const string File = "1_Pooling/config.json";

    /// <summary>Mean or first token when the model's pooling file says so, else what its family's head reads.</summary>
    public static Pooling Of(BaseModelFiles files)
    {
        if (!files.Exists(File))
        {
            return Pooling.FamilyHead;
        }
        ConfigJson config = files.ReadJson(File);
        if (config.GetBool("pooling_mode_mean_tokens", false))
        {
            return Pooling.Mean;
        }
        return config.GetBool("pooling_mode_cls_token", false) ? Pooling.FirstToken : Pooling.FamilyHead;
    }
}
