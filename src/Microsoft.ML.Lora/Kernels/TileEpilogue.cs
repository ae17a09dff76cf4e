using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Applies an <see cref="Epilogue"/> to a tile of C that was just computed.</summary>
internal unsafe struct TileEpilogue : ISimdKernel
{
    public float* C;
    public int Stride;

    /// <summary>The tail's share of the tile when it has a mask of its own, or null.</summary>
    public float* Tail;
    public int TailStride;

    /// <summary>Where the tile lies in the whole of C.</summary>
    public int Row;
    public int Rows;
    public int Column;
    public int Columns;

    public bool AddsResidual;

    /// <summary>In the job on the caller's stack.</summary>
    public Epilogue* Epilogue;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<S, V>()
        where S : struct, ISimd<V>
        where V : struct
    {
        var linear = Tail != null || AddsResidual || !Epilogue->Dropout.IsEmpty;
        for (var i = 0; i < Rows && linear; i++)
        {
            LinearRow<S, V>(i, C + ((long)i * Stride));
        }

        if (Epilogue->Activation != Activation.None)
        {
            var apart = !Epilogue->Activated.IsEmpty;
            var target = apart ? Epilogue->Activated.RowPointer(Row) + Column : C;
            var stride = apart ? Epilogue->Activated.Stride : Stride;
            Activations.Rows<S, V>(Epilogue->Activation, C, Stride, target, stride, null, Rows, Columns);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void LinearRow<S, V>(int i, float* c)
        where S : struct, ISimd<V>
        where V : struct
    {
        var n = 0;
        for (; n + S.Count <= Columns; n += S.Count)
        {
            S.Store(c + n, Linear<S, V>(S.Load(c + n), i, n, S.Count));
        }

        if (n < Columns)
        {
            S.StorePartial(c + n, Linear<S, V>(S.LoadPartial(c + n, Columns - n), i, n, Columns - n), Columns - n);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static V Read<S, V>(float* source, int count)
        where S : struct, ISimd<V>
        where V : struct => count == S.Count ? S.Load(source) : S.LoadPartial(source, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly V Linear<S, V>(V sum, int i, int n, int count)
        where S : struct, ISimd<V>
        where V : struct
    {
        if (Tail != null)
        {
            var factors = Factors<S, V>(Epilogue->TailDropout, i, n);
            sum = S.MultiplyAdd(factors, Read<S, V>(Tail + ((long)i * TailStride) + n, count), sum);
        }

        if (!Epilogue->Dropout.IsEmpty)
        {
            sum = S.Multiply(sum, Factors<S, V>(Epilogue->Dropout, i, n));
        }

        if (AddsResidual)
        {
            sum = S.Add(sum, Read<S, V>(Epilogue->Residual.RowPointer(Row + i) + Column + n, count));
        }

        return sum;
    }

    private readonly V Factors<S, V>(in DropoutMask mask, int i, int n)
        where S : struct, ISimd<V>
        where V : struct =>
        S.DropoutFactors(mask.RowKey(Row + i), (uint)(Column + n), mask.Threshold, S.Create(mask.KeepScale));
}
