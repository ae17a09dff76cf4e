using System.Runtime.CompilerServices;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary>A product's way through memory and nothing else: row by row, A is read once and C written once.</summary>
/// <remarks>
/// Writes go past the caches or through them, as is asked: the way that is faster is what a product could hope for. Rows of A shorter
/// than four vectors are nothing beside C's and are left out.
/// </remarks>
internal unsafe struct StreamLoop : IParallelJob
{
    private const int Parts = 8;

    private Matrix _a;
    private Matrix _c;
    private bool _pastCaches;

    public static void Run(Matrix a, Matrix c, bool pastCaches, ThreadTeam team)
    {
        var loop = new StreamLoop { _a = a, _c = c, _pastCaches = pastCaches };
        team.Run(Parts, ref loop);
    }

    public readonly void Run(int item, int worker)
    {
        int first = (int)((long)_a.Rows * item / Parts);
        int last = (int)((long)_a.Rows * (item + 1) / Parts);
        var kernel = new Kernel
        {
            A = _a.SliceRows(first, last - first),
            C = _c.IsEmpty ? default : _c.SliceRows(first, last - first),
            PastCaches = _pastCaches,
        };
        KernelSelector.Run(ref kernel);
        if (_pastCaches)
        {
            Interlocked.MemoryBarrier();
        }
    }

    private struct Kernel : ISimdKernel
    {
        public Matrix A;
        public Matrix C;
        public bool PastCaches;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<S, V>()
            where S : struct, ISimd<V>
            where V : struct
        {
            float* sink = stackalloc float[S.Count];
            V sum = S.Create(0), second = sum, third = sum, fourth = sum;
            for (int row = 0; row < A.Rows; row++)
            {
                float* a = A.RowPointer(row);
                int i = 0;
                for (; i + (4 * S.Count) <= A.Columns; i += 4 * S.Count)
                {
                    sum = S.Add(sum, S.Load(a + i));
                    second = S.Add(second, S.Load(a + i + S.Count));
                    third = S.Add(third, S.Load(a + i + (2 * S.Count)));
                    fourth = S.Add(fourth, S.Load(a + i + (3 * S.Count)));
                }

                V value = S.Add(S.Add(sum, second), S.Add(third, fourth));
                S.Store(sink, value);
                float* c = C.RowPointer(row);
                for (int n = 0; n + S.Count <= C.Columns; n += S.Count)
                {
                    if (PastCaches)
                    {
                        S.StorePastCaches(c + n, value);
                    }
                    else
                    {
                        S.Store(c + n, value);
                    }
                }
            }
        }
    }
}
