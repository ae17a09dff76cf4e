using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>The one job a team works on, and how its threads meet: join while it is open, take items, leave.</summary>
/// <remarks>
/// Each thread has a share of the items, the same in every job of as many: what it wrote is still in its cache when it comes
/// back to it, and no line of a result has to move from core to core. A thread that is done takes what others have left.
/// <c>_state</c> holds a number that grows with each job (upper half), an open bit and the count of workers inside.
/// A worker that wakes late finds the job closed and sleeps on: nobody waits for a thread that has nothing to do.
/// </remarks>
internal sealed unsafe class ThreadTeamJob(int threads)
{
    private const long Open = 1L << 16;
    private const int NumberShift = 32;
    private const long InsideMask = Open - 1;

    // About 30 µs: longer than the gap between two products of one layer, shorter than a wake-up is worth.
    private const int Spins = 800;

    private readonly object _gate = new();
    private readonly Share[] _shares = new Share[threads];
    private delegate*<void*, int, int, void> _body;
    private void* _context;
    private int _shareCount;
    private long _state;
    private int _busy;
    private int _sleepers;
    private bool _callerSleeps;
    private volatile bool _stopped;
    private ExceptionDispatchInfo? _error;

    /// <summary>Runs all items with the workers' help; false, and nothing done, when another job is under way.</summary>
    public bool TryRun(int count, delegate*<void*, int, int, void> body, void* context)
    {
        if (_stopped || Interlocked.CompareExchange(ref _busy, 1, 0) != 0)
        {
            return false;
        }

        _body = body;
        _context = context;
        Cut(count);
        Interlocked.Add(ref _state, (1L << NumberShift) | Open);
        WakeWorkers(count - 1);
        TakeItems(0);
        Close();
        var error = _error;
        _error = null;
        Volatile.Write(ref _busy, 0);
        error?.Throw();
        return true;
    }

    /// <summary>What a worker thread does until the team ends.</summary>
    public void Work(int worker)
    {
        var seen = 0L;
        while (!_stopped)
        {
            var state = Volatile.Read(ref _state);
            if ((state & Open) != 0 && state >>> NumberShift != seen)
            {
                if (Interlocked.CompareExchange(ref _state, state + 1, state) == state)
                {
                    seen = state >>> NumberShift;
                    TakeItems(worker);
                    Leave();
                }
            }
            else
            {
                Wait(seen);
            }
        }
    }

    public void Stop()
    {
        _stopped = true;
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    private void TakeItems(int worker)
    {
        try
        {
            for (var i = 0; i < _shareCount; i++)
            {
                var owner = (worker + i) % _shareCount;
                ref var share = ref _shares[owner];

                // Reading first: a share that is used up is looked at by all and written by none.
                while (Volatile.Read(ref share.Next) < share.End)
                {
                    var turn = Interlocked.Increment(ref share.Next) - 1;
                    if (turn < share.End)
                    {
                        _body(_context, owner + (turn * _shareCount), worker);
                    }
                }
            }
        }
        catch (Exception exception)
        {
            Interlocked.CompareExchange(ref _error, ExceptionDispatchInfo.Capture(exception), null);
            foreach (ref var share in _shares.AsSpan())
            {
                Volatile.Write(ref share.Next, share.End);
            }
        }
    }

    // As cards are dealt: items whose work falls from the first to the last leave nobody much more than the others.
    private void Cut(int count)
    {
        _shareCount = Math.Min(_shares.Length, count);
        for (var i = 0; i < _shareCount; i++)
        {
            _shares[i].Next = 0;
            _shares[i].End = (count - i + _shareCount - 1) / _shareCount;
        }
    }

    private bool HasNewJob(long seen)
    {
        var state = Volatile.Read(ref _state);
        return _stopped || ((state & Open) != 0 && state >>> NumberShift != seen);
    }

    private void Wait(long seen)
    {
        for (var spin = 0; spin < Spins; spin++)
        {
            if (HasNewJob(seen))
            {
                return;
            }

            Thread.SpinWait(1);
        }

        lock (_gate)
        {
            Interlocked.Increment(ref _sleepers);
            while (!HasNewJob(seen))
            {
                Monitor.Wait(_gate);
            }

            Interlocked.Decrement(ref _sleepers);
        }
    }

    private void WakeWorkers(int wanted)
    {
        if (Volatile.Read(ref _sleepers) == 0)
        {
            return;
        }

        lock (_gate)
        {
            for (var i = Math.Min(wanted, _sleepers); i > 0; i--)
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    private void Leave()
    {
        var state = Interlocked.Decrement(ref _state);
        if ((state & (Open | InsideMask)) == 0)
        {
            lock (_gate)
            {
                if (_callerSleeps)
                {
                    Monitor.PulseAll(_gate);
                }
            }
        }
    }

    private void Close()
    {
        Interlocked.And(ref _state, ~Open);
        for (var spin = 0; spin < Spins; spin++)
        {
            if ((Volatile.Read(ref _state) & InsideMask) == 0)
            {
                return;
            }

            Thread.SpinWait(1);
        }

        lock (_gate)
        {
            _callerSleeps = true;
            while ((Volatile.Read(ref _state) & InsideMask) != 0)
            {
                Monitor.Wait(_gate);
            }

            _callerSleeps = false;
        }
    }

    // As far apart as two cache lines, which processors fetch together.
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct Share
    {
        public int Next;
        public int End;
    }
}
