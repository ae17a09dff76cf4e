using System.Text.RegularExpressions;

namespace Microsoft.ML.Lora.Adapters;

/// <summary>How A and B start.</summary>
internal enum AdapterInitialization
{
    /// <summary>A uniform in ±1/√in (PyTorch's Kaiming default), B zero.</summary>
    Kaiming,

    /// <summary>A normal with deviation 1/r, B zero.</summary>
    Gaussian,

    /// <summary>A and B random with orthogonal inner factors, so that B·A = 0 (needs an even rank).</summary>
    Orthogonal,

    /// <summary>The r leading singular directions of the weight, taken out of the frozen part (PiSSA, 2024).</summary>
    Pissa,

    /// <summary>The first r columns and rows of the weight's QR factors, taken out of the frozen part (OLoRA, 2024).</summary>
    Olora,
}

/// <summary>Which biases of the base are trained beside the adapters (PEFT's <c>bias</c>).</summary>
internal enum BiasTraining
{
    /// <summary>None.</summary>
    None,

    /// <summary>Every bias of the model, those of layer norms included.</summary>
    All,

    /// <summary>The biases of adapted layers.</summary>
    LoraOnly,
}

/// <summary>What is adapted and how: the validated content of PEFT's <c>adapter_config.json</c>, in its words.</summary>
internal sealed record AdapterConfig
{
    /// <summary>Rank r of the update B·A: 1 or more; 8 by default.</summary>
    public int Rank { get; init; } = 8;

    /// <summary>Numerator of the scaling alpha/r; 16 by default.</summary>
    public float Alpha { get; init; } = 16;

    /// <summary>Probability of dropping an input of A while training, in [0, 1); 0.05 by default.</summary>
    public float Dropout { get; init; } = 0.05f;

    /// <summary>The linear layers that get an adapter; all of the encoder's by default.</summary>
    public TargetModules TargetModules { get; init; } = TargetModules.AllLinear;

    /// <summary>Indices of the encoder layers to adapt; null means all.</summary>
    public IReadOnlyList<int>? LayersToTransform { get; init; }

    /// <summary>Ranks of single layers: a regular expression for the end of the name, and the rank.</summary>
    public IReadOnlyDictionary<string, int> RankPattern { get; init; } = new Dictionary<string, int>();

    /// <summary>Alphas of single layers: a regular expression for the end of the name, and the alpha.</summary>
    public IReadOnlyDictionary<string, float> AlphaPattern { get; init; } = new Dictionary<string, float>();

    /// <summary>Which biases of the base are trained as well.</summary>
    public BiasTraining Bias { get; init; } = BiasTraining.None;

    /// <summary>Modules outside the encoder's layers that are trained in full, by name: <c>pooler</c>. The output head always is.</summary>
    public IReadOnlyList<string> ModulesToSave { get; init; } = [];

    /// <summary>How A and B start.</summary>
    public AdapterInitialization Initialization { get; init; } = AdapterInitialization.Kaiming;

    /// <summary>Scale by alpha/√r instead of alpha/r (rsLoRA, Kalajdzievski 2023).</summary>
    public bool UseRsLora { get; init; }

    /// <summary>Train the length of each row of the weight apart from its direction (DoRA, Liu et al. 2024).</summary>
    public bool UseDora { get; init; }

    /// <summary>The rank r of a layer's update, and the factor s of s·B·A: alpha/r, or alpha/√r.</summary>
    /// <param name="name">The layer's module path.</param>
    public (int Rank, float Scaling) RankAndScaling(string name)
    {
        int rank = Lookup(RankPattern, name, Rank);
        float alpha = Lookup(AlphaPattern, name, Alpha);
        return (rank, alpha / (UseRsLora ? MathF.Sqrt(rank) : rank));
    }

    /// <summary>PEFT's rule: a pattern is a regular expression for the name, or for its end after a dot.</summary>
    public static bool Matches(string pattern, string name)
    {
        const RegexOptions Options = RegexOptions.CultureInvariant;
        string whole = $@"^(.*\.)?({pattern})$";
        try
        {
            return Regex.IsMatch(name, whole, Options | RegexOptions.NonBacktracking);
        }
        catch (NotSupportedException)
        {
            // Looks around or back; files do not get as far with one.
            return Regex.IsMatch(name, whole, Options);
        }
    }

    private static T Lookup<T>(IReadOnlyDictionary<string, T> patterns, string name, T otherwise)
    {
        foreach ((string pattern, T value) in patterns)
        {
            if (Matches(pattern, name))
            {
                return value;
            }
        }

        return otherwise;
    }
}
