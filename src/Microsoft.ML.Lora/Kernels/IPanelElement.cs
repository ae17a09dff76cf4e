namespace Microsoft.ML.Lora.Kernels;

/// <summary>A <see cref="PanelElement"/> as a type, so that each becomes a micro-kernel of its own.</summary>
internal unsafe interface IPanelElement
{
    /// <summary>Whether a panel's numbers are what micro-kernels compute on.</summary>
    static abstract bool IsFloat { get; }

    /// <summary>A vector of a panel's 16-bit numbers as floats, exactly; not called for floats.</summary>
    static abstract V Widen<S, V>(ushort* source)
        where S : struct, ISimd<V>
        where V : struct;
}

/// <summary><see cref="PanelElement.Float32"/>.</summary>
internal readonly unsafe struct Float32Element : IPanelElement
{
    public static bool IsFloat => true;

    public static V Widen<S, V>(ushort* source)
        where S : struct, ISimd<V>
        where V : struct => default;
}

/// <summary><see cref="PanelElement.Float16"/>.</summary>
internal readonly unsafe struct Float16Element : IPanelElement
{
    public static bool IsFloat => false;

    public static V Widen<S, V>(ushort* source)
        where S : struct, ISimd<V>
        where V : struct => S.WidenShort(source);
}

/// <summary><see cref="PanelElement.BFloat16"/>.</summary>
internal readonly unsafe struct BFloat16Element : IPanelElement
{
    public static bool IsFloat => false;

    public static V Widen<S, V>(ushort* source)
        where S : struct, ISimd<V>
        where V : struct => S.WidenBFloat16(source);
}
