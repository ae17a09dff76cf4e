using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using Microsoft.ML.Lora.Tensors;
using static Microsoft.ML.Lora.Kernels.RowCounts;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>H [M, N] = scale · X [M, K] · B [K, N] for N so small that lanes along N would mostly wait: a low-rank adapter's x·Aᵀ.</summary>
/// <remarks>
/// Lanes lie along K: each load of X serves eight multiply-adds, where a tile with lanes along N loads a number of X for every one and
/// a core multiplies as often as it loads. A number of H is the sum of its lanes, block of K after block, whatever the number of rows:
/// a row's bits do not depend on its neighbours.
/// </remarks>
internal unsafe struct ThinProduct : ISimdKernel
{
    /// <summary>Rows that are computed together.</summary>
    public const int RowsATime = 3;

    // So many rows of a block of X stay in the second-level cache from one group of columns to the next.
    private const int RowsNearBy = 64 * RowsATime;

    public Matrix X;
    public ThinOperand B;
    public float Scale;
    public Matrix H;

    [SkipLocalsInit]
    public readonly void Run<S, V>()
        where S : struct, ISimd<V>
        where V : struct
    {
        var filled = stackalloc float[RowsNearBy * S.Count];
        for (var row = 0; row < X.Rows; row += RowsNearBy)
        {
            var count = Math.Min(RowsNearBy, X.Rows - row);
            for (var block = 0; block < B.Blocks; block++)
            {
                var x = X.SliceRows(row, count).SliceColumns(block * B.BlockRows, B.Count(block));
                var whole = x.Columns / S.Count * S.Count;
                var isLast = block == B.Blocks - 1;
                var part = new Part<S, V>
                {
                    B = B,
                    Block = block,
                    H = H.SliceRows(row, count),
                    IsFirst = block == 0,
                    Scale = isLast && whole == x.Columns ? Scale : 1,
                };
                if (whole > 0)
                {
                    part.Run(x.SliceColumns(0, whole));
                }

                // What is left of K, filled up with zeros.
                if (whole < x.Columns)
                {
                    var rest = new Matrix(filled, count, S.Count, S.Count);
                    rest.Clear();
                    x.SliceColumns(whole, x.Columns - whole).CopyTo(rest.SliceColumns(0, x.Columns - whole));
                    (part with { FirstRow = whole, IsFirst = part.IsFirst && whole == 0, Scale = isLast ? Scale : 1 }).Run(rest);
                }
            }
        }
    }

    // Some rows by whole vectors of a block of K.
    private struct Part<S, V>
        where S : struct, ISimd<V>
        where V : struct
    {
        private const int MostColumns = 8;

        public ThinOperand B;
        public int Block;

        /// <summary>Of the block's rows of B the first that is used.</summary>
        public int FirstRow;
        public Matrix H;
        public bool IsFirst;
        public float Scale;

        [SkipLocalsInit]
        public readonly void Run(Matrix x)
        {
            var aside = stackalloc float[RowsNearBy * MostColumns];
            for (var column = 0; column < B.N;)
            {
                var isWide = (S.Count == 16 || AdvSimd.IsSupported) && B.PaddedColumns - column >= MostColumns;
                var width = isWide ? MostColumns : MostColumns / 2;
                var columns = Math.Min(width, B.N - column);
                var tiles = new ThinTiles<S, V>
                {
                    X = x.Data,
                    XStride = x.Stride,
                    Rows = x.Rows,
                    Count = x.Columns,
                    B = B.Column(Block, column) + FirstRow,
                    BStride = B.BlockRows,
                    H = columns == width ? H.Data + column : aside,
                    HStride = columns == width ? H.Stride : MostColumns,
                    Accumulates = columns == width && !IsFirst,
                    Scale = columns == width ? Scale : 1,
                };
                if (isWide)
                {
                    tiles.Run<Rows8>();
                }
                else
                {
                    tiles.Run<Rows4>();
                }

                if (columns < width)
                {
                    TakeOver(aside, H.SliceColumns(column, columns));
                }

                column += width;
            }
        }

        // Of a group that reaches beyond the last column.
        private readonly void TakeOver(float* sums, Matrix h)
        {
            for (var row = 0; row < h.Rows; row++, sums += MostColumns)
            {
                var target = h.RowPointer(row);
                for (var column = 0; column < h.Columns; column++)
                {
                    target[column] = (IsFirst ? sums[column] : target[column] + sums[column]) * Scale;
                }
            }
        }
    }
}
