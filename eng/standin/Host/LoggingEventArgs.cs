using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>What a handler of <see cref="MLContext.Log"/> receives.</summary>
public class LoggingEventArgs : EventArgs
{
    public LoggingEventArgs(string message)
    {
        Message = message;
        RawMessage = message;
    }

    public LoggingEventArgs(string message, ChannelMessageKind kind, string source)
    {
        RawMessage = message;
        Kind = kind;
        Source = source;
        Message = $"[Source={source}, Kind={kind}] {message}";
    }

    public string Message { get; }

    public string Source { get; }

    public ChannelMessageKind Kind { get; }

    public string RawMessage { get; }
}
