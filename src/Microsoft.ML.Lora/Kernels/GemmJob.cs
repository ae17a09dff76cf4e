using System.Runtime.CompilerServices;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>The loops of a product around the micro-kernel; an item is one block of rows by one run of panels.</summary>
internal unsafe struct GemmJob : IParallelJob
{
    // The greatest tile of any instruction set: 12 rows of 32.
    private const int ScratchFloats = 12 * 32;

    // So few rows of A have just been written and are still near; what is far is B.
    private const int TilesAtHand = 8;

    public Matrix A;
    public Matrix Tail;
    public PackedMatrix B;
    public Matrix C;
    public Epilogue Epilogue;
    public bool HasEpilogue;

    /// <summary>The residual is the tile's addend; otherwise the epilogue adds it.</summary>
    public bool ResidualInTile;

    /// <summary>So few rows of B, floats and no tail, that <see cref="ShortProduct"/> computes them.</summary>
    public bool IsShort;

    /// <summary>A short product's C is too large for the caches.</summary>
    public bool PastCaches;
    public int InnerBlock;
    public GemmCut Cut;

    [SkipLocalsInit]
    public readonly void Run(int item, int worker)
    {
        var (firstRow, lastRow) = Cut.Rows(item, C.Rows);
        var (firstPanel, lastPanel) = Cut.Panels(item, B);
        firstPanel = RunShort(firstRow, lastRow, firstPanel, lastPanel);
        var scratch = stackalloc float[(2 * ScratchFloats) + (AlignedBuffer.Alignment / sizeof(float))];
        scratch = (float*)(((nint)scratch + AlignedBuffer.Alignment - 1) & ~(nint)(AlignedBuffer.Alignment - 1));
        var k = 0;
        do
        {
            var count = Math.Min(InnerBlock, B.K - k);
            for (var panel = firstPanel; panel < lastPanel; panel++)
            {
                var following = Following(item, panel, k, count);
                RunPanel(panel, panel == firstPanel, (firstRow, lastRow), k, count, following, scratch);
            }

            k += count;
        }
        while (k < B.K);
    }

    // The panels of a short product that are full are computed at once; gives the first that is left.
    private readonly int RunShort(int firstRow, int lastRow, int firstPanel, int lastPanel)
    {
        if (!IsShort)
        {
            return firstPanel;
        }

        var width = MicroKernels.Of(KernelSelector.Current)[0].PanelWidth;
        var panels = 0;
        while (firstPanel + panels < lastPanel && B.Panels[firstPanel + panels].Columns == width)
        {
            panels++;
        }

        if (panels == 0)
        {
            return firstPanel;
        }

        var column = B.Panels[firstPanel].FirstColumn;
        var addend = Addend(0);
        var product = new ShortProduct
        {
            A = A.RowPointer(firstRow),
            AStride = A.Stride,
            K = B.K,
            B = (float*)B.Row(B.Panels[firstPanel], 0),
            Panels = panels,
            Bias = Epilogue.Bias == null ? null : Epilogue.Bias + column,
            Addend = addend.IsEmpty ? null : addend.RowPointer(firstRow) + column,
            AddendStride = addend.Stride,
            C = C.RowPointer(firstRow) + column,
            CStride = C.Stride,
            Rows = lastRow - firstRow,
            PastCaches = PastCaches,
        };
        KernelSelector.Run(ref product);
        return firstPanel + panels;
    }

    // What a tile adds last: the sum so far, or a residual.
    private readonly Matrix Addend(int k) => k > 0 || Epilogue.Accumulate ? C : ResidualInTile ? Epilogue.Residual : default;

    // The rows of B that are read after a panel's: those of the panel beside it, further ones of the first panel, or the first of
    // the product that follows, as far as this item's share of it goes.
    private readonly (nint First, long Bytes) Following(int item, int panel, int k, int count)
    {
        var (first, last) = Cut.Panels(item, B);
        if (panel + 1 < last)
        {
            return B.Rows(panel + 1, k, count);
        }

        if (k + count < B.K)
        {
            return B.Rows(first, k + count, InnerBlock);
        }

        return B.Next is { K: > 0, N: > 0 } next
            ? next.Rows(Cut.Panels(item, next).First, 0, GemmBlocking.InnerBlock(next.K))
            : default;
    }

    private readonly void RunPanel(
        int index, bool isFirst, (int First, int Last) rows, int k, int count, (nint First, long Bytes) following, float* scratch)
    {
        var (firstRow, lastRow) = rows;
        var panel = B.Panels[index];
        var last = k + count == B.K;
        var addend = Addend(k);
        var beside = !last || (Epilogue.Activated.IsEmpty && ResidualInTile) ? default
            : Epilogue.Activated.IsEmpty ? Epilogue.Residual : Epilogue.Activated;
        var tile = new MicroTile
        {
            A = (byte*)(A.RowPointer(firstRow) + k),
            AStride = (nint)A.Stride * sizeof(float),
            AStep = sizeof(float),
            K = count,
            Tail = (byte*)Tail.RowPointer(firstRow),
            TailStride = (nint)Tail.Stride * sizeof(float),
            TailK = last && Epilogue.TailDropout.IsEmpty ? Tail.Columns : 0,
            Panel = B.Row(panel, k),
            PanelStride = panel.Width * B.ElementBytes,
            TailPanel = (byte*)B.Tail(panel),
            C = (byte*)(C.RowPointer(firstRow) + panel.FirstColumn),
            CStride = (nint)C.Stride * sizeof(float),
            Bias = (byte*)(k > 0 || Epilogue.Bias == null ? null : Epilogue.Bias + panel.FirstColumn),
            Addend = (byte*)(addend.IsEmpty ? null : addend.RowPointer(firstRow) + panel.FirstColumn),
            AddendStride = (nint)addend.Stride * sizeof(float),
            Beside = (byte*)(beside.IsEmpty ? null : beside.RowPointer(firstRow) + panel.FirstColumn),
            BesideStride = (nint)beside.Stride * sizeof(float),
        };
        var tiles = (lastRow - firstRow + panel.Kernel.MaxRows - 1) / panel.Kernel.MaxRows;
        var element = B.Element;
        var (rowsATile, longerTiles) = Math.DivRem(lastRow - firstRow, tiles);
        var bytesATile = following.Bytes / tiles;
        var linesATime = LinesATime(following.Bytes, tiles, count);
        var prefetchesRows = isFirst && tiles > TilesAtHand && count > CachePrefetch.ShortLoop;
        var row = firstRow;

        // The first tile writes what it widens for those that follow.
        tile.Widened = element != PanelElement.Float32 && tiles > 1
            ? (byte*)Scratch.Panel(GemmBlocking.MaxK * panel.Width)
            : null;
        for (var t = 0; t < tiles; t++)
        {
            var rowsHere = t < longerTiles ? rowsATile + 1 : rowsATile;
            tile.Fetched = 0;
            tile.Prefetch = null;
            if (prefetchesRows && t + 1 < tiles)
            {
                PrefetchRows(ref tile, rowsHere);
            }
            else if (linesATime > 0)
            {
                PrefetchPanel(ref tile, (byte*)following.First + (bytesATile * t), linesATime);
            }

            if (panel.Columns == panel.Width)
            {
                panel.Kernel.Run(element, rowsHere, &tile);
            }
            else
            {
                RunEdge(panel, tile, element, rowsHere, scratch);
            }

            if (tile.Widened != null)
            {
                element = PanelElement.Float32;
                tile.Panel = tile.Widened;
                tile.PanelStride = panel.Width * sizeof(float);
                tile.Widened = null;
            }

            if (last && HasEpilogue)
            {
                Finish(panel, tile, row, rowsHere, scratch);
            }

            row += rowsHere;
            tile.NextRows(rowsHere);
        }
    }

    // The first panel's pass brings A into the second-level cache tile by tile.
    private static void PrefetchRows(ref MicroTile tile, int rows)
    {
        tile.Prefetch = tile.A + (rows * tile.AStride);
        tile.PrefetchLines = rows;
        tile.PrefetchStride = tile.AStride;
        tile.PrefetchStep = CachePrefetch.LineBytes;
        tile.PrefetchMask = CachePrefetch.LineFloats - 1;
    }

    // Later ones bring what follows, a share each tile, spread over its k loop: where rows are few B comes from memory, and there
    // is just time enough to fetch it.
    private static void PrefetchPanel(ref MicroTile tile, byte* first, int lines)
    {
        tile.Prefetch = first;
        tile.PrefetchLines = lines;
        tile.PrefetchStride = CachePrefetch.LineBytes;
        tile.PrefetchStep = lines * CachePrefetch.LineBytes;
        tile.PrefetchMask = CachePrefetch.Run - 1;
    }

    private static int LinesATime(long bytes, int tiles, int k)
    {
        var everywhere = (long)CachePrefetch.LineBytes * tiles * (k / CachePrefetch.Run);
        return k <= CachePrefetch.ShortLoop ? 0 : (int)((bytes + everywhere - 1) / everywhere);
    }

    // A panel that reaches beyond the last column is computed aside: C, bias and addend end before its zeros.
    private static void RunEdge(in PackedPanel panel, MicroTile tile, PanelElement element, int rows, float* scratch)
    {
        var c = tile.C;
        var stride = tile.CStride;
        var addend = tile.Addend;
        var bias = scratch + ScratchFloats;
        if (tile.Bias != null)
        {
            new ReadOnlySpan<float>(tile.Bias, panel.Columns).CopyTo(new Span<float>(bias, panel.Columns));
            tile.Bias = (byte*)bias;
        }

        tile.C = (byte*)scratch;
        tile.CStride = panel.Width * sizeof(float);
        tile.Addend = null;
        panel.Kernel.Run(element, rows, &tile);
        for (var i = 0; i < rows; i++)
        {
            for (var n = 0; n < panel.Columns; n++)
            {
                var sum = scratch[(i * panel.Width) + n];
                ((float*)c)[n] = addend == null ? sum : sum + ((float*)addend)[n];
            }

            c += stride;
            addend = addend == null ? null : addend + tile.AddendStride;
        }
    }

    private readonly void Finish(in PackedPanel panel, in MicroTile tile, int row, int rows, float* scratch)
    {
        var kernel = new TileEpilogue
        {
            C = C.RowPointer(row) + panel.FirstColumn,
            Stride = C.Stride,
            Row = row,
            Rows = rows,
            Column = panel.FirstColumn,
            Columns = panel.Columns,
            AddsResidual = !ResidualInTile && !Epilogue.Residual.IsEmpty,
            Epilogue = (Epilogue*)Unsafe.AsPointer(ref Unsafe.AsRef(in Epilogue)),
        };
        if (!Epilogue.TailDropout.IsEmpty && Tail.Columns > 0)
        {
            RunTailAside(panel, tile, rows, scratch + ScratchFloats);
            kernel.Tail = scratch + ScratchFloats;
            kernel.TailStride = panel.Width;
        }

        KernelSelector.Run(ref kernel);
    }

    private readonly void RunTailAside(in PackedPanel panel, MicroTile tile, int rows, float* scratch)
    {
        tile.A = tile.Tail;
        tile.AStride = tile.TailStride;
        tile.K = Tail.Columns;
        tile.TailK = 0;
        tile.Panel = tile.TailPanel;
        tile.PanelStride = panel.Width * sizeof(float);
        tile.C = (byte*)scratch;
        tile.CStride = panel.Width * sizeof(float);
        tile.Bias = null;
        tile.Addend = null;
        panel.Kernel.Run(rows, &tile);
    }
}
