using System.Diagnostics;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>What a kernel's time is booked under.</summary>
internal enum KernelKind
{
    Product,
    ThinProduct,
    OuterProduct,
    AttentionForward,
    AttentionBackward,
    LayerNorm,
    Activation,
    Softmax,
    Elementwise,
    Optimizer,
}

/// <summary>Time, arithmetic and memory traffic of kernels by kind, while one is set as <see cref="Current"/>.</summary>
/// <remarks>A kernel that calls another counts it as its own. Times of threads that work at once are added up.</remarks>
internal sealed class KernelProfile
{
    private static KernelProfile? _current;

    [ThreadStatic]
    private static bool _inside;

    private readonly KernelTotal[] _totals = new KernelTotal[Enum.GetValues<KernelKind>().Length];

    /// <summary>Who books; null, the normal case, costs a comparison a call.</summary>
    public static KernelProfile? Current
    {
        get => _current;
        set => _current = value;
    }

    /// <summary>What a kind has come to.</summary>
    public KernelTotal this[KernelKind kind]
    {
        get
        {
            lock (_totals)
            {
                return _totals[(int)kind];
            }
        }
    }

    /// <summary>Times a kernel until the result is disposed.</summary>
    /// <param name="kind">What to book it under.</param>
    /// <param name="flops">Additions and multiplications.</param>
    /// <param name="bytes">Read and written if nothing stayed in a cache.</param>
    public static Timing Measure(KernelKind kind, double flops, double bytes) =>
        _current == null || _inside ? default : new Timing(_current, kind, flops, bytes);

    private void Add(KernelKind kind, in KernelTotal call)
    {
        lock (_totals)
        {
            ref var total = ref _totals[(int)kind];
            total = new KernelTotal(
                total.Calls + 1, total.Seconds + call.Seconds, total.Flops + call.Flops, total.Bytes + call.Bytes);
        }
    }

    /// <summary>One call under way.</summary>
    internal readonly ref struct Timing
    {
        private readonly KernelProfile? _profile;
        private readonly KernelKind _kind;
        private readonly double _flops;
        private readonly double _bytes;
        private readonly long _start;

        public Timing(KernelProfile profile, KernelKind kind, double flops, double bytes)
        {
            (_profile, _kind, _flops, _bytes) = (profile, kind, flops, bytes);
            _inside = true;
            _start = Stopwatch.GetTimestamp();
        }

        public void Dispose()
        {
            if (_profile != null)
            {
                var seconds = Stopwatch.GetElapsedTime(_start).TotalSeconds;
                _inside = false;
                _profile.Add(_kind, new KernelTotal(1, seconds, _flops, _bytes));
            }
        }
    }
}

/// <summary>Sums over calls of one kind.</summary>
internal readonly record struct KernelTotal(long Calls, double Seconds, double Flops, double Bytes);
