using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Optimization;

/// <summary>A part of what an optimiser remembers: a name, a way to copy it out, and one to put it back.</summary>
/// <param name="Name">Unique within the optimiser.</param>
/// <param name="Read">A copy, a <c>float[]</c> or a <c>double[]</c>.</param>
/// <param name="TryWrite">Takes such an array; false when it is of another type or length.</param>
internal sealed record OptimizerMemory(string Name, Func<Array> Read, Func<Array, bool> TryWrite)
{
    /// <summary>A part that lies in a flat buffer.</summary>
    public static OptimizerMemory Of(string name, Func<Matrix> view) => new(
        name,
        () => view().Span.ToArray(),
        values =>
        {
            Span<float> own = view().Span;
            return values is float[] floats && floats.Length == own.Length && floats.AsSpan().TryCopyTo(own);
        });

    /// <summary>A part that is an array of its own.</summary>
    public static OptimizerMemory Of(string name, double[] own) => new(
        name,
        () => own.ToArray(),
        values => values is double[] doubles && doubles.Length == own.Length && doubles.AsSpan().TryCopyTo(own));
}
