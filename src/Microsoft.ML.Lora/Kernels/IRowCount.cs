namespace Microsoft.ML.Lora.Kernels;

/// <summary>A number of rows as a type, so that each becomes a micro-kernel of its own.</summary>
internal interface IRowCount
{
    static abstract int Count { get; }
}
