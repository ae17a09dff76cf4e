namespace Microsoft.ML.Runtime;

/// <summary>A host: the environment under a component's name.</summary>
internal sealed class ComponentHost : IHost, IHostEnvironmentInternal, ICancelable
{
    private readonly EnvironmentRoot _root;
    private readonly ComponentHost _master;

    /// <param name="root">The environment.</param>
    /// <param name="master">The host that registers this one, or null for the environment itself.</param>
    /// <param name="shortName">The component's name.</param>
    /// <param name="rand">The generator of the host.</param>
    public ComponentHost(EnvironmentRoot root, ComponentHost master, string shortName, Random rand)
    {
        _root = root;
        _master = master;
        ShortName = shortName;
        Rand = rand;
    }

    public string ShortName { get; }

    /// <summary>The full name of the host two levels up (the direct parent is not named), or null.</summary>
    public string ParentFullName => _master?._master?.FullName;

    public string FullName => ParentFullName is { } parent ? $"{parent}; {ShortName}" : ShortName;

    public Random Rand { get; }

    public ComponentCatalog ComponentCatalog => _root.ComponentCatalog;

    public string ContextDescription => EnvironmentMark.Description;

    public int? Seed => _root.Seed;

    public bool IsCanceled => _root.IsCanceled;

    public string TempFilePath { get => _root.TempFilePath; set => _root.TempFilePath = value; }

    public bool FallbackToCpu { get => _root.FallbackToCpu; set => _root.FallbackToCpu = value; }

    public int? GpuDeviceId { get => _root.GpuDeviceId; set => _root.GpuDeviceId = value; }

    public void CancelExecution() => _root.IsCanceled = true;

    public IHost Register(string name, int? seed = null, bool? verbose = null)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        return new ComponentHost(_root, this, name, _root.Derive(Rand, seed));
    }

    public IChannel Start(string name) => new LogChannel(_root, this, name);

    public IPipe<TMessage> StartPipe<TMessage>(string name) => new SilentPipe<TMessage>(this, name);

    public IProgressChannel StartProgressChannel(string name) => new SilentProgressChannel(this, name);

    public TException Process<TException>(TException ex) where TException : Exception =>
        EnvironmentMark.Process(ex);

    public bool TryAddOption<T>(string name, T value) => _root.TryAddOption(name, value);

    public void SetOption<T>(string name, T value) => _root.SetOption(name, value);

    public bool TryGetOption<T>(string name, out T value) => _root.TryGetOption(name, out value);

    public T GetOptionOrDefault<T>(string name) => _root.GetOptionOrDefault<T>(name);

    public bool RemoveOption(string name) => _root.RemoveOption(name);
}

/// <summary>Marks exceptions that come from outside any channel.</summary>
internal static class EnvironmentMark
{
    public const string ThrowingComponent = "Throwing component";
    public const string ParentComponent = "Parent component";
    public const string Phase = "Phase";
    public const string Environment = "Environment";
    public const string Description = "HostEnvironment";

    public static TException Process<TException>(TException ex) where TException : Exception
    {
        if (ex == null)
        {
            return ex;
        }

        ex.Data[ThrowingComponent] = Environment;
        return Contracts.Mark(ex);
    }
}
