using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Transcendental functions of a vector; coefficients are minimax fits in relative error, made for this.</summary>
internal static class VectorMath
{
    /// <summary>
    /// eˣ = 2ⁿ · eʳ with |r| ≤ ln 2 / 2 in two pieces of ln 2 (Cody, Waite) and a polynomial of degree 6. Greatest
    /// relative error 1.2e-7 against double on [−87, 88]; 0 below −104, ∞ above 88.73, NaN of NaN.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Exp<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        x = S.Min(S.Create(89f), S.Max(S.Create(-104f), x));
        var n = S.Round(S.Multiply(x, S.Create(1.44269504f)));
        var r = S.MultiplyAdd(n, S.Create(-0.693359375f), x);
        r = S.MultiplyAdd(n, S.Create(2.12194440e-4f), r);
        var p = S.MultiplyAdd(r, S.Create(0.00138146134f), S.Create(0.00836870996f));
        p = S.MultiplyAdd(p, r, S.Create(0.0416683874f));
        p = S.MultiplyAdd(p, r, S.Create(0.166665207f));
        p = S.MultiplyAdd(p, r, S.Create(0.499999935f));
        p = S.MultiplyAdd(S.Multiply(p, r), r, S.Add(r, S.Create(1f)));
        return S.ScaleByPowerOfTwo(p, n);
    }

    /// <summary>
    /// Φ(x), the normal distribution's cumulative share, and e^(−x²/2): Φ(−|x|) = e^(−x²/2) · P(1 / (1 + 0.235·|x|)), P
    /// of degree 8. Greatest error against double: 2.1e-7 of Φ; of x·Φ(x) 1.4e-7, relative above 1 and absolute below.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V NormalShare<S, V>(V x, out V bell)
        where S : struct, ISimd<V>
        where V : struct
    {
        // 2^(−x² / (2·ln 2)); beyond |x| = 13 everything is 0 or 1.
        var y = S.Max(S.Create(-125f), S.Multiply(S.Multiply(x, x), S.Create(-0.721347520f)));
        var n = S.Round(y);
        var r = S.Subtract(y, n);
        var p = S.MultiplyAdd(r, S.Create(0.000153533624f), S.Create(0.00133988746f));
        p = S.MultiplyAdd(p, r, S.Create(0.00961843736f));
        p = S.MultiplyAdd(p, r, S.Create(0.0555033247f));
        p = S.MultiplyAdd(p, r, S.Create(0.240226479f));
        p = S.MultiplyAdd(p, r, S.Create(0.693147203f));
        p = S.MultiplyAdd(p, r, S.Create(1f));
        bell = S.ScaleByPowerOfTwo(p, n);

        var t = S.Divide(S.Create(1f), S.MultiplyAdd(S.Abs(x), S.Create(0.235f), S.Create(1f)));
        var q = S.MultiplyAdd(t, S.Create(-0.0578896324f), S.Create(0.180020797f));
        q = S.MultiplyAdd(q, t, S.Create(-0.0845260602f));
        q = S.MultiplyAdd(q, t, S.Create(0.111947137f));
        q = S.MultiplyAdd(q, t, S.Create(0.0798500857f));
        q = S.MultiplyAdd(q, t, S.Create(0.0809124923f));
        q = S.MultiplyAdd(q, t, S.Create(0.0961907765f));
        q = S.MultiplyAdd(q, t, S.Create(0.0934943778f));
        var tail = S.Multiply(S.Multiply(q, t), bell);
        return S.SelectGreater(x, S.Create(0f), S.Subtract(S.Create(1f), tail), tail);
    }

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Sigmoid<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct =>
        S.Divide(S.Create(1f), S.Add(S.Create(1f), Exp<S, V>(S.Subtract(S.Create(0f), x))));

    /// <summary>
    /// tanh x: an odd polynomial of degree 9 for |x| &lt; 0.5, (1 − e) / (1 + e) with e = e^(−2|x|) beyond. Greatest
    /// relative error 1.5e-7 against double.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Tanh<S, V>(V x)
        where S : struct, ISimd<V>
        where V : struct
    {
        var magnitude = S.Abs(x);
        var square = S.Multiply(x, x);
        var p = S.MultiplyAdd(square, S.Create(0.0172399059f), S.Create(-0.0530448266f));
        p = S.MultiplyAdd(p, square, S.Create(0.133258706f));
        p = S.MultiplyAdd(p, square, S.Create(-0.333331436f));
        var small = S.MultiplyAdd(S.Multiply(p, square), x, x);
        var e = Exp<S, V>(S.Multiply(magnitude, S.Create(-2f)));
        var large = S.Divide(S.Subtract(S.Create(1f), e), S.Add(S.Create(1f), e));
        large = S.SelectGreater(x, S.Create(0f), large, S.Subtract(S.Create(0f), large));
        return S.SelectGreater(magnitude, S.Create(0.5f), large, small);
    }
}
