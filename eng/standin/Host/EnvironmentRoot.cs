namespace Microsoft.ML.Runtime;

/// <summary>What all hosts of one context share: options, seed, listeners, component catalog, cancellation.</summary>
internal sealed class EnvironmentRoot
{
    private readonly Dictionary<string, object> _options = [];
    private readonly Random _rand;

    public EnvironmentRoot(int? seed)
    {
        Seed = seed;
        _rand = RandomUtils.Create(seed);
    }

    public event Action<string, ChannelMessage> Message;

    public int? Seed { get; }

    public ComponentCatalog ComponentCatalog { get; } = new();

    public string TempFilePath { get; set; } = Path.GetTempPath();

    public bool FallbackToCpu { get; set; }

    public int? GpuDeviceId { get; set; }

    public bool IsCanceled { get; set; }

    public void Dispatch(string source, ChannelMessage message) => Message?.Invoke(source, message);

    /// <summary>Draws the generator of a new host from the generator of its parent.</summary>
    public Random Derive(Random parent, int? seed)
    {
        if (seed.HasValue)
        {
            return RandomUtils.Create(seed.Value);
        }

        lock (_options)
        {
            return RandomUtils.Create(parent ?? _rand);
        }
    }

    public bool TryAddOption(string name, object value)
    {
        lock (_options)
        {
            return _options.TryAdd(name, value);
        }
    }

    public void SetOption(string name, object value)
    {
        ArgumentNullException.ThrowIfNull(name);
        lock (_options)
        {
            _options[name] = value;
        }
    }

    public bool TryGetOption<T>(string name, out T value)
    {
        if (Find(name) is T stored)
        {
            value = stored;
            return true;
        }

        value = default;
        return false;
    }

    public T GetOptionOrDefault<T>(string name) => Find(name) is { } stored ? (T)stored : default;

    public bool RemoveOption(string name)
    {
        lock (_options)
        {
            return _options.Remove(name);
        }
    }

    private object Find(string name)
    {
        lock (_options)
        {
            return _options.GetValueOrDefault(name);
        }
    }
}
