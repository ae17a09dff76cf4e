using System.Diagnostics;

namespace Microsoft.ML.Lora.Training;

/// <summary>Measures the pace of a run: tokens a second, and the time still to come.</summary>
internal sealed class PaceMeter
{
    private readonly Stopwatch _watch = new();
    private long _tokens;
    private int _steps;

    /// <summary>Tokens a second over the steps counted.</summary>
    public double TokensPerSecond => _watch.Elapsed > TimeSpan.Zero ? _tokens / _watch.Elapsed.TotalSeconds : 0;

    /// <summary>Lets the clock run; validation between epochs is not counted.</summary>
    public void Resume() => _watch.Start();

    /// <summary>Stops the clock.</summary>
    public void Pause() => _watch.Stop();

    /// <summary>Counts a step.</summary>
    public void Count(int tokens)
    {
        _tokens += tokens;
        _steps++;
    }

    /// <summary>The time that many steps more take at the pace so far.</summary>
    public TimeSpan Remaining(int steps) => _steps == 0 ? TimeSpan.Zero : _watch.Elapsed * ((double)steps / _steps);
}
