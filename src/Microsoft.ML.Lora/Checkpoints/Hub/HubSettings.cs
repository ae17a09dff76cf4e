namespace Microsoft.ML.Lora.Checkpoints.Hub;

/// <summary>Where the Hugging Face hub is, where its files are kept, and who asks: from its own environment variables.</summary>
internal sealed record HubSettings
{
    private const string DefaultEndpoint = "https://huggingface.co";

    /// <summary>Gets the server's address (<c>HF_ENDPOINT</c>).</summary>
    public required Uri Endpoint { get; init; }

    /// <summary>Gets the folder of all models (<c>HF_HUB_CACHE</c>, else <c>HF_HOME</c>/hub, else ~/.cache/huggingface/hub).</summary>
    public required string CacheFolder { get; init; }

    /// <summary>Gets the access token (<c>HF_TOKEN</c>, else the file <c>HF_TOKEN_PATH</c> or <c>HF_HOME</c>/token); null for none.</summary>
    public string? Token { get; init; }

    /// <summary>Gets whether nothing is to be asked of the server (<c>HF_HUB_OFFLINE</c>).</summary>
    public bool IsOffline { get; init; }

    /// <summary>Gets how often a broken download is taken up again.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>Gets how long to wait before taking it up again; doubled each time.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets how long a server may be silent.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Gets how many bytes a folder's disk has left.</summary>
    public Func<string, long> FreeBytes { get; init; } = folder => new DriveInfo(folder).AvailableFreeSpace;

    /// <summary>Reads the environment.</summary>
    /// <exception cref="InvalidOperationException"><c>HF_ENDPOINT</c> is not an address.</exception>
    public static HubSettings FromEnvironment() => From(Environment.GetEnvironmentVariable);

    /// <summary>Reads variables by their names.</summary>
    /// <exception cref="InvalidOperationException"><c>HF_ENDPOINT</c> is not an address.</exception>
    public static HubSettings From(Func<string, string?> variable)
    {
        var home = Value("HF_HOME") ?? Path.Combine(
            Value("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
            "huggingface");
        var endpoint = Value("HF_ENDPOINT") ?? DefaultEndpoint;
        if (!Uri.TryCreate(endpoint.TrimEnd('/') + "/", UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new InvalidOperationException($"HF_ENDPOINT is '{endpoint}'; an address that begins with https:// belongs there.");
        }

        return new HubSettings
        {
            Endpoint = address,
            CacheFolder = Path.GetFullPath(Value("HF_HUB_CACHE") ?? Value("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub")),
            Token = Value("HF_TOKEN") ?? ReadToken(Value("HF_TOKEN_PATH") ?? Path.Combine(home, "token")),
            IsOffline = IsOn(Value("HF_HUB_OFFLINE")) || IsOn(Value("TRANSFORMERS_OFFLINE")),
        };

        string? Value(string name) => variable(name) is { Length: > 0 } value ? value.Trim() : null;
    }

    private static bool IsOn(string? value) => value?.ToUpperInvariant() is "1" or "ON" or "YES" or "TRUE";

    private static string? ReadToken(string path)
    {
        var token = File.Exists(path) ? File.ReadAllText(path).Trim() : string.Empty;
        return token.Length > 0 ? token : null;
    }
}
