using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>An activation as a type, so that each becomes a loop of its own.</summary>
internal interface IActivationFunction
{
    /// <summary>f(x) and f′(x).</summary>
    static abstract V Evaluate<S, V>(V x, out V derivative)
        where S : struct, ISimd<V>
        where V : struct;
}

/// <summary>x · Φ(x); derivative Φ(x) + x · φ(x).</summary>
internal readonly struct GeluFunction : IActivationFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Evaluate<S, V>(V x, out V derivative)
        where S : struct, ISimd<V>
        where V : struct
    {
        var share = VectorMath.NormalShare<S, V>(x, out var bell);
        derivative = S.MultiplyAdd(S.Multiply(x, bell), S.Create(0.398942280f), share);
        return S.Multiply(x, share);
    }
}

/// <summary>
/// 0.5·x·(1 + tanh u) = x · s with s = 1 / (1 + e^(−2u)), u = √(2/π)·(x + 0.044715·x³); derivative s + 2·x·s·(1 − s)·u′, off by
/// at most 2e-6 where x is large and 1 − s cancels.
/// </summary>
internal readonly struct GeluTanhFunction : IActivationFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Evaluate<S, V>(V x, out V derivative)
        where S : struct, ISimd<V>
        where V : struct
    {
        var square = S.Multiply(x, x);
        var doubled = S.Multiply(x, S.MultiplyAdd(square, S.Create(0.0713548163f), S.Create(1.59576912f)));
        var s = VectorMath.Sigmoid<S, V>(doubled);
        var slope = S.MultiplyAdd(square, S.Create(0.214064449f), S.Create(1.59576912f));
        var spread = S.Multiply(S.Multiply(x, s), S.Subtract(S.Create(1f), s));
        derivative = S.MultiplyAdd(spread, slope, s);
        return S.Multiply(x, s);
    }
}

/// <summary>max(x, 0); derivative 0 at 0.</summary>
internal readonly struct ReluFunction : IActivationFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Evaluate<S, V>(V x, out V derivative)
        where S : struct, ISimd<V>
        where V : struct
    {
        derivative = S.SelectGreater(x, S.Create(0f), S.Create(1f), S.Create(0f));
        return S.Max(S.Create(0f), x);
    }
}

/// <summary>x · s with s = 1 / (1 + e⁻ˣ); derivative s · (1 + x·(1 − s)).</summary>
internal readonly struct SiluFunction : IActivationFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Evaluate<S, V>(V x, out V derivative)
        where S : struct, ISimd<V>
        where V : struct
    {
        var s = VectorMath.Sigmoid<S, V>(x);
        derivative = S.Multiply(s, S.MultiplyAdd(x, S.Subtract(S.Create(1f), s), S.Create(1f)));
        return S.Multiply(x, s);
    }
}

/// <summary>tanh x; derivative 1 − tanh² x.</summary>
internal readonly struct TanhFunction : IActivationFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Evaluate<S, V>(V x, out V derivative)
        where S : struct, ISimd<V>
        where V : struct
    {
        var y = VectorMath.Tanh<S, V>(x);
        derivative = S.MultiplyAdd(S.Subtract(S.Create(0f), y), y, S.Create(1f));
        return y;
    }
}

/// <summary>x; derivative 1.</summary>
internal readonly struct IdentityFunction : IActivationFunction
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Evaluate<S, V>(V x, out V derivative)
        where S : struct, ISimd<V>
        where V : struct
    {
        derivative = S.Create(1f);
        return x;
    }
}
