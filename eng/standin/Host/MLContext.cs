using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>The starting point of every pipeline: catalogs of operations, settings, the log.</summary>
public sealed class MLContext : IHostEnvironmentInternal
{
    private readonly EnvironmentRoot _root;

    public MLContext(int? seed = null)
    {
        _root = new EnvironmentRoot(seed);
        _root.Message += (source, message) =>
            Log?.Invoke(this, new LoggingEventArgs(message.Message, message.Kind, source));
        BinaryClassification = new BinaryClassificationCatalog(this);
        MulticlassClassification = new MulticlassClassificationCatalog(this);
        Regression = new RegressionCatalog(this);
        Transforms = new TransformsCatalog(this);
        Model = new ModelOperationsCatalog(this);
        Data = new DataOperationsCatalog(this);
    }

    public event EventHandler<LoggingEventArgs> Log;

    public BinaryClassificationCatalog BinaryClassification { get; }

    public MulticlassClassificationCatalog MulticlassClassification { get; }

    public RegressionCatalog Regression { get; }

    public TransformsCatalog Transforms { get; }

    public ModelOperationsCatalog Model { get; }

    public DataOperationsCatalog Data { get; }

    public ComponentCatalog ComponentCatalog => _root.ComponentCatalog;

    public string TempFilePath
    {
        get => _root.TempFilePath;
        set => _root.TempFilePath = value;
    }

    public bool FallbackToCpu
    {
        get => _root.FallbackToCpu;
        set => _root.FallbackToCpu = value;
    }

    public int? GpuDeviceId
    {
        get => _root.GpuDeviceId;
        set => _root.GpuDeviceId = value;
    }

    int? IHostEnvironmentInternal.Seed => _root.Seed;

    string IExceptionContext.ContextDescription => EnvironmentMark.Description;

    public bool TryAddOption<T>(string name, T value) => _root.TryAddOption(name, value);

    public void SetOption<T>(string name, T value) => _root.SetOption(name, value);

    public bool TryGetOption<T>(string name, out T value) => _root.TryGetOption(name, out value);

    public T GetOptionOrDefault<T>(string name) => _root.GetOptionOrDefault<T>(name);

    public bool RemoveOption(string name) => _root.RemoveOption(name);

    internal void CancelExecution() => _root.IsCanceled = true;

    IHost IHostEnvironment.Register(string name, int? seed, bool? verbose)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        return new ComponentHost(_root, null, name, _root.Derive(null, seed));
    }

    IChannel IChannelProvider.Start(string name) => new LogChannel(_root, null, name);

    IPipe<TMessage> IChannelProvider.StartPipe<TMessage>(string name) => new SilentPipe<TMessage>(this, name);

    IProgressChannel IProgressChannelProvider.StartProgressChannel(string name) =>
        new SilentProgressChannel(this, name);

    TException IExceptionContext.Process<TException>(TException ex) => EnvironmentMark.Process(ex);
}
