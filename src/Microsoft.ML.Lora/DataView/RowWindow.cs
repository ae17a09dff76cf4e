namespace Microsoft.ML.Lora.DataView;

/// <summary>Which of the rows read ahead is the current one.</summary>
internal sealed class RowWindow
{
    /// <summary>Index of the current row in the window; −1 when the cursor is on no row.</summary>
    public int Slot { get; set; } = -1;

    /// <summary><see cref="Slot"/>, for getters.</summary>
    /// <exception cref="InvalidOperationException">The cursor is before its first row or after its last.</exception>
    public int CheckedSlot => Slot >= 0
        ? Slot
        : throw new InvalidOperationException("The cursor is on no row: MoveNext was not called, or returned false.");
}
