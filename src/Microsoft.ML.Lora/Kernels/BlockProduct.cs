namespace Microsoft.ML.Lora.Kernels;

/// <summary>
/// C [M, N] = bias + op(A) · B with both operands where they lie, for blocks that fit a cache: B's rows are contiguous,
/// and N is a multiple of half the widest panel (the caller pads).
/// </summary>
internal unsafe ref struct BlockProduct
{
    public ReadOnlySpan<MicroKernel> Kernels;
    public int M;
    public int N;
    public int K;

    /// <summary>Element (m, k) lies at A + m · AStride + k · AStep floats: swap the two for Aᵀ.</summary>
    public float* A;
    public nint AStride;
    public nint AStep;
    public float* B;
    public nint BStride;
    public float* C;
    public nint CStride;

    /// <summary>N floats every row starts from, or null.</summary>
    public float* Bias;

    /// <summary>Add to what C holds.</summary>
    public bool Accumulate;

    public readonly void Run()
    {
        var tile = new MicroTile
        {
            AStride = AStride * sizeof(float),
            AStep = AStep * sizeof(float),
            K = K,
            PanelStride = BStride * sizeof(float),
            CStride = CStride * sizeof(float),
            Fetched = int.MaxValue,
            AddendStride = Accumulate ? CStride * sizeof(float) : 0,
        };
        for (var n = 0; n < N;)
        {
            var kernel = Kernels[N - n < Kernels[0].PanelWidth ? 1 : 0];
            var tiles = (M + kernel.MaxRows - 1) / kernel.MaxRows;
            tile.A = (byte*)A;
            tile.Panel = (byte*)(B + n);
            tile.Bias = (byte*)(Bias == null ? null : Bias + n);
            tile.C = (byte*)(C + n);
            tile.Addend = Accumulate ? tile.C : null;
            for (int t = 0, row = 0; t < tiles; t++)
            {
                var rows = (M - row) / (tiles - t);
                kernel.Run(rows, &tile);
                tile.NextRows(rows);
                row += rows;
            }

            n += kernel.PanelWidth;
        }
    }
}
