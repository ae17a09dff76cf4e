namespace Microsoft.ML.Runtime;

/// <summary>Reports how far a computation is.</summary>
public interface IProgressChannel : IProgressChannelProvider, IDisposable
{
    void SetHeader(ProgressHeader header, Action<IProgressEntry> fillAction);

    void Checkpoint(params double?[] values);
}

/// <summary>What the callback of a progress channel fills in.</summary>
public interface IProgressEntry
{
    void SetProgress(int index, double value);

    void SetProgress(int index, double value, double lim);

    void SetMetric(int index, double value);
}

/// <summary>Names of the units and metrics of a progress channel.</summary>
public sealed class ProgressHeader
{
    public readonly IReadOnlyList<string> UnitNames;

    public readonly IReadOnlyList<string> MetricNames;

    public ProgressHeader(string[] metricNames, string[] unitNames)
    {
        Contracts.CheckValueOrNull(metricNames);
        Contracts.CheckValueOrNull(unitNames);
        MetricNames = metricNames ?? [];
        UnitNames = unitNames ?? [];
    }

    public ProgressHeader(params string[] unitNames) : this(null, unitNames)
    {
    }
}

/// <summary>Checks its use and reports nothing: the log carries no progress.</summary>
internal sealed class SilentProgressChannel : IProgressChannel
{
    private readonly IExceptionContext _context;
    private ProgressHeader _header = new();
    private bool _disposed;

    public SilentProgressChannel(IExceptionContext context, string name)
    {
        Contracts.CheckNonEmpty(name, nameof(name));
        _context = context;
    }

    public IProgressChannel StartProgressChannel(string name) => new SilentProgressChannel(_context, name);

    public void SetHeader(ProgressHeader header, Action<IProgressEntry> fillAction) => _header = header ?? _header;

    public void Checkpoint(params double?[] values)
    {
        _context.Check(!_disposed, "Can't report checkpoints after disposing");
        _context.Check((values?.Length ?? 0) <= _header.MetricNames.Count + _header.UnitNames.Count,
            "Too many values provided in Checkpoint");
    }

    public void Dispose() => _disposed = true;
}
