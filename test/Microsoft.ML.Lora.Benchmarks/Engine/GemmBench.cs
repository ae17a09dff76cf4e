using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary>
/// <c>bench gemm [--kernel K] [--threads T] [--steps N] [--cold 1] [--only NAME]</c>: the products of MiniLM and BERT-base against the peak of the
/// multipliers, measured in turn, each the best of many short runs. All shapes are gone through N times, so that a second in which the
/// machine does something else spoils one of the N turns of a shape and not all. One JSON line a shape; its memory_share is what a loop
/// would reach that only reads A and writes C: no product can do better, and where it is below 1 the memory decides.
/// Cold: every product has another B, out of 64 MB of them, as when a model scores one short row. An adapter's A, of 8 columns, is always
/// float32 and never cold.
/// </summary>
internal static class GemmBench
{
    private static readonly (string Name, int K, int N)[] _products =
    [
        ("minilm-qkvo", 384, 384), ("minilm-up", 384, 1536), ("minilm-down", 1536, 384), ("minilm-lora-a", 384, 8),
        ("minilm-lora-a-wide", 1536, 8), ("minilm-lora-b", 8, 384), ("minilm-lora-b-wide", 8, 1536), ("base-qkvo", 768, 768),
        ("base-up", 768, 3072), ("base-down", 3072, 768), ("base-lora-a", 768, 8), ("base-lora-a-wide", 3072, 8),
        ("base-lora-b", 8, 768), ("base-lora-b-wide", 8, 3072),
    ];

    private const int ThinColumns = 8;
    private const long ColdBytes = 64 << 20;
    private const int TriesARound = 4;

    // Workers that the peak loop sent to sleep: within a step the product before has woken them.
    private static readonly TimeSpan _wakeUp = TimeSpan.FromMilliseconds(2);

    private static readonly int[] _rows = [8, 25, 256, 400, 1024, 4096];

    public static int Run(string[] args)
    {
        if (BenchOptions.Parse("gemm", args) is not { } options)
        {
            return 2;
        }

        using IDisposable kernel = options.UseKernel();
        using var team = new ThreadTeam(options.Threads);
        var lines = new List<Line>();
        for (int round = 0; round < options.Steps; round++)
        {
            int next = 0;
            foreach ((string name, int m, int k, int n, bool outer) in Shapes(options.Only))
            {
                using Measured work = outer ? new Outer(m, k, n)
                    : n == ThinColumns ? new Thin(m, k, n)
                    : new Product(m, k, n, n > 64 && k > 64 ? options.Rank : 0, options.Cold, options.Element);
                if (round == 0)
                {
                    lines.Add(new Line { Name = name, Work = work });
                }

                Measure(lines[next++], work, outer ? ThreadTeam.Single : team);
            }
        }

        lines.ForEach(Report);
        return 0;
    }

    private static IEnumerable<(string Name, int M, int K, int N, bool Outer)> Shapes(string only)
    {
        var chosen = _products.Where(product => product.Name.Contains(only, StringComparison.Ordinal)).ToList();
        foreach ((string name, int k, int n) in chosen)
        {
            foreach (int m in _rows)
            {
                yield return (name, m, k, n, false);
            }
        }

        foreach ((string name, int k, int n) in chosen.Where(product => product.N == ThinColumns))
        {
            foreach (int m in _rows)
            {
                yield return (name.Replace("-a", "-gradient", StringComparison.Ordinal), m, k, n, true);
            }
        }
    }

    // The peak is taken right beside the work, each time.
    private static void Measure(Line line, Measured work, ThreadTeam team)
    {
        line.Threads = team.Threads;
        int repeats = Math.Max(1, (int)(2e8 / work.Flops));
        for (int i = 0; i < TriesARound; i++)
        {
            line.Peak = Math.Max(line.Peak, team.Threads == 1 ? PeakLoop.Best(4) : PeakLoop.BestTogether(team.Threads, 4));
            long awake = Stopwatch.GetTimestamp();
            do
            {
                work.Run(team);
            }
            while (team.Threads > 1 && Stopwatch.GetElapsedTime(awake) < _wakeUp);

            long start = Stopwatch.GetTimestamp();
            for (int repeat = 0; repeat < repeats; repeat++)
            {
                work.Run(team);
            }

            line.Best = Math.Max(line.Best, Rate(work, repeats, start));
            foreach (bool pastCaches in (ReadOnlySpan<bool>)[false, true])
            {
                start = Stopwatch.GetTimestamp();
                for (int repeat = 0; repeat < repeats; repeat++)
                {
                    work.Stream(pastCaches, team);
                }

                line.Memory = Math.Max(line.Memory, Rate(work, repeats, start));
            }
        }
    }

    private static double Rate(Measured work, int repeats, long start) =>
        repeats * work.Flops / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e9;

    private static void Report(Line line) => Console.WriteLine(JsonSerializer.Serialize(new
    {
        bench = "gemm",
        product = line.Name,
        m = line.Work.M,
        n = line.Work.N,
        k = line.Work.K,
        kernel = KernelSelector.Current.ToString().ToLowerInvariant(),
        threads = line.Threads,
        element = line.Work.Element,
        gflops = Math.Round(line.Best, 1),
        peak_gflops = Math.Round(line.Peak, 1),
        share_of_peak = Math.Round(line.Best / line.Peak, 3),
        memory_share = Math.Round(line.Memory / line.Peak, 3),
    }));

    /// <summary>What a shape has reached.</summary>
    private sealed class Line
    {
        public required string Name { get; init; }

        /// <summary>For its sizes; its memory is gone.</summary>
        public required Measured Work { get; init; }

        public int Threads { get; set; }

        public double Best { get; set; }

        public double Peak { get; set; }

        /// <summary>GFLOP/s if only the memory counted.</summary>
        public double Memory { get; set; }
    }

    /// <summary>One piece of work.</summary>
    private abstract class Measured(int m, int k, int n, PanelElement element = PanelElement.Float32) : IDisposable
    {
        private readonly List<AlignedBuffer> _buffers = [];

        public int M { get; } = m;

        public int K { get; } = k;

        public int N { get; } = n;

        public string Element { get; } = element.ToString().ToLowerInvariant();

        public abstract double Flops { get; }

        public abstract void Run(ThreadTeam team);

        /// <summary>Moves the same operands and computes nothing.</summary>
        public abstract void Stream(bool pastCaches, ThreadTeam team);

        public virtual void Dispose() => _buffers.ForEach(buffer => buffer.Dispose());

        protected Matrix Random(int rows, int columns)
        {
            // A stride that is a multiple of 4 KiB would put a tile's rows in one set of the first-level cache.
            int stride = columns % 1024 == 0 ? columns + 16 : columns;
            var buffer = new AlignedBuffer((long)rows * stride);
            _buffers.Add(buffer);
            new RandomStream((ulong)_buffers.Count, "bench").FillUniform(buffer.Span, -1, 1);
            return buffer.AsMatrix(rows, columns, stride, 0);
        }
    }

    /// <summary>[M, K + R] · [K + R, N] + bias.</summary>
    private sealed class Product : Measured
    {
        private readonly Matrix _a;
        private readonly Matrix _tail;
        private readonly Matrix _c;
        private readonly Matrix _bias;
        private readonly PackedMatrix[] _b;
        private int _next;

        public Product(int m, int k, int n, int rank, bool cold, PanelElement element)
            : base(m, k, n, element)
        {
            _a = Random(m, k);
            _tail = Random(m, rank);
            _c = Random(m, n);
            _bias = Random(1, n);
            int copies = cold ? 1 + (int)(ColdBytes / ((element == PanelElement.Float32 ? sizeof(float) : sizeof(ushort)) * (long)k * n)) : 1;
            _b = [.. Enumerable.Range(0, copies).Select(_ => new PackedMatrix(k, n, rank, element))];
            foreach (PackedMatrix b in _b)
            {
                b.PackTransposedRows(0, Random(n, k));
                b.SetTail(Random(rank, n));
            }
        }

        public override double Flops => 2.0 * M * (K + _tail.Columns) * N;

        public override void Run(ThreadTeam team) =>
            Gemm.Multiply(_a, _tail, _b[_next++ % _b.Length], _c, new Epilogue { BiasRow = _bias }, team);

        public override void Stream(bool pastCaches, ThreadTeam team) => StreamLoop.Run(_a, _c, pastCaches, team);

        public override void Dispose()
        {
            base.Dispose();
            Array.ForEach(_b, b => b.Dispose());
        }
    }

    /// <summary>[M, K] · [K, N] of a low-rank adapter's first half.</summary>
    private sealed class Thin : Measured
    {
        private readonly Matrix _x;
        private readonly Matrix _h;
        private readonly ThinOperand _a;

        public Thin(int m, int k, int n)
            : base(m, k, n)
        {
            (_x, _h, _a) = (Random(m, k), Random(m, n), new ThinOperand(k, n));
            _a.PackTransposed(Random(n, k));
        }

        public override double Flops => 2.0 * M * K * N;

        public override void Run(ThreadTeam team) => LowRank.Down(_x, _a, 1, default, _h, team);

        public override void Stream(bool pastCaches, ThreadTeam team) => StreamLoop.Run(_x, _h, pastCaches, team);

        public override void Dispose()
        {
            base.Dispose();
            _a.Dispose();
        }
    }

    /// <summary>grad [N, K] += thinᵀ · wide.</summary>
    private sealed class Outer : Measured
    {
        private readonly Matrix _thin;
        private readonly Matrix _wide;
        private readonly Matrix _grad;

        public Outer(int m, int k, int n)
            : base(m, k, n) => (_thin, _wide, _grad) = (Random(m, n), Random(m, k), Random(n, k));

        public override double Flops => 2.0 * M * K * N;

        public override void Run(ThreadTeam team) => LowRank.AccumulateOuter(_thin, _wide, default, _grad);

        public override void Stream(bool pastCaches, ThreadTeam team) => StreamLoop.Run(_wide, default, pastCaches, team);
    }
}
