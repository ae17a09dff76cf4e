using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Counts rows, bad values and malformed fields of one reading, and reports the first few of them.</summary>
internal sealed class TextParseStats : IDisposable
{
    private const int MostReported = 10;

    private readonly IChannel _channel;
    private readonly bool _quiet;
    private readonly Lock _lock = new();
    private long _rows;
    private long _badValues;
    private long _formatErrors;
    private int _users;

    /// <param name="provider">Opens the channel that the reports go to.</param>
    /// <param name="users">How many cursors share the counts; the last one that is done sums up.</param>
    /// <param name="quiet">Whether errors are only counted.</param>
    public TextParseStats(IChannelProvider provider, int users, bool quiet = false)
    {
        _quiet = quiet;
        _channel = provider.Start("ParseStats");
        _users = users;
    }

    public void AddRow()
    {
        Interlocked.Increment(ref _rows);
    }

    public void AddBadValue(long line, string column, int? slot)
    {
        lock (_lock)
        {
            _badValues++;
            if (_badValues <= MostReported)
            {
                string place = slot.HasValue ? $" at slot {slot}" : "";
                _channel.Info(MessageSensitivity.Schema, $"  Bad value at line {line} in column {column}{place}");
            }

            if (_badValues == MostReported)
            {
                _channel.Info(MessageSensitivity.None, "  Suppressing further bad value messages");
            }
        }
    }

    public void AddFormatError(string place, string message)
    {
        lock (_lock)
        {
            _formatErrors++;
            if (_quiet)
            {
                return;
            }

            if (_formatErrors <= MostReported)
            {
                _channel.Warning(MessageSensitivity.Schema, $"Format error at {place}: {message}");
            }

            if (_formatErrors == MostReported)
            {
                _channel.Warning(MessageSensitivity.None, "Suppressing further format error messages");
            }
        }
    }

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users) != 0)
        {
            return;
        }

        if (_badValues > 0 || _formatErrors > 0)
        {
            _channel.Info(
                MessageSensitivity.None,
                "Processed {0} rows with {1} bad values and {2} format errors",
                _rows,
                _badValues,
                _formatErrors);
        }

        _channel.Dispose();
    }
}
