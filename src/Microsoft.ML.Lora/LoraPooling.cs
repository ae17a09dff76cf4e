namespace Microsoft.ML.Lora;

/// <summary>What of the encoder's last layer the classification head reads.</summary>
public enum LoraPooling
{
    /// <summary>
    /// What the base model says: the pooling its sentence-transformers files name, else what the classification head
    /// of its family reads in transformers.
    /// </summary>
    Auto = 0,

    /// <summary>The mean over the tokens, straight into the output layer.</summary>
    Mean = 1,

    /// <summary>The first token ([CLS] or &lt;s&gt;), straight into the output layer.</summary>
    FirstToken = 2,

    /// <summary>
    /// What the classification head of the base model's family reads in transformers: for BERT the first token through
    /// the pretrained pooler, for RoBERTa the first token through a new dense layer. PEFT adapters for these use it.
    /// </summary>
    FamilyHead = 3,
}
