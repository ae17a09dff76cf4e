using System.Diagnostics;
using System.Globalization;

namespace Microsoft.ML.Runtime;

/// <summary>A channel that says when it starts, finishes and is disposed, and hands on messages.</summary>
internal sealed class LogChannel : IChannel
{
    private readonly EnvironmentRoot _root;
    private readonly ComponentHost _host;
    private readonly string _name;
    private readonly string _source;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private bool _disposed;

    /// <param name="root">The environment.</param>
    /// <param name="host">The host that opens the channel, or null for the environment itself.</param>
    /// <param name="name">The phase that the channel stands for.</param>
    public LogChannel(EnvironmentRoot root, ComponentHost host, string name)
    {
        _root = root;
        _host = host;
        _name = name;
        _source = host == null ? name : $"{host.FullName}; {name}";
        Trace(MessageSensitivity.None, "Channel started");
    }

    public string ContextDescription => _source;

    public TException Process<TException>(TException ex) where TException : Exception
    {
        if (ex == null || ex.IsMarked())
        {
            return ex;
        }

        ex.Data[EnvironmentMark.ThrowingComponent] = _host?.ShortName;
        ex.Data[EnvironmentMark.ParentComponent] = _host?.ParentFullName;
        ex.Data[EnvironmentMark.Phase] = _name;
        return Contracts.Mark(ex);
    }

    public void Send(ChannelMessage msg) => _root.Dispatch(_source, msg);

    public void Trace(MessageSensitivity sensitivity, string fmt) =>
        Send(new ChannelMessage(ChannelMessageKind.Trace, sensitivity, fmt));

    public void Trace(MessageSensitivity sensitivity, string fmt, params object[] args) =>
        Send(new ChannelMessage(ChannelMessageKind.Trace, sensitivity, fmt, args));

    public void Info(MessageSensitivity sensitivity, string fmt) =>
        Send(new ChannelMessage(ChannelMessageKind.Info, sensitivity, fmt));

    public void Info(MessageSensitivity sensitivity, string fmt, params object[] args) =>
        Send(new ChannelMessage(ChannelMessageKind.Info, sensitivity, fmt, args));

    public void Warning(MessageSensitivity sensitivity, string fmt) =>
        Send(new ChannelMessage(ChannelMessageKind.Warning, sensitivity, fmt));

    public void Warning(MessageSensitivity sensitivity, string fmt, params object[] args) =>
        Send(new ChannelMessage(ChannelMessageKind.Warning, sensitivity, fmt, args));

    public void Error(MessageSensitivity sensitivity, string fmt) =>
        Send(new ChannelMessage(ChannelMessageKind.Error, sensitivity, fmt));

    public void Error(MessageSensitivity sensitivity, string fmt, params object[] args) =>
        Send(new ChannelMessage(ChannelMessageKind.Error, sensitivity, fmt, args));

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Trace(MessageSensitivity.None,
            string.Create(CultureInfo.InvariantCulture, $"Channel finished. Elapsed {_watch.Elapsed:c}."));
        Trace(MessageSensitivity.None, "Channel disposed");
    }
}

/// <summary>A pipe to which nothing listens.</summary>
internal sealed class SilentPipe<TMessage> : IPipe<TMessage>
{
    private readonly IExceptionContext _context;

    public SilentPipe(IExceptionContext context, string name)
    {
        _context = context;
        Contracts.CheckNonEmpty(name, nameof(name));
    }

    public string ContextDescription => _context.ContextDescription;

    public TException Process<TException>(TException ex) where TException : Exception => _context.Process(ex);

    public void Send(TMessage msg)
    {
    }

    public void Dispose()
    {
    }
}
