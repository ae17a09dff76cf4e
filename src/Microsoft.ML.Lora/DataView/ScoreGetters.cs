using Microsoft.ML.Data;
using Microsoft.ML.Lora.Tasks;

namespace Microsoft.ML.Lora.DataView;

/// <summary>The getters of the two columns a classifier adds, over whatever holds the current row's probabilities.</summary>
internal static class ScoreGetters
{
    /// <summary>The most probable class as a key value: 1 for the first class.</summary>
    public static ValueGetter<uint> PredictedLabel(Func<ReadOnlyMemory<float>> current) =>
        (ref uint value) => value = (uint)Probabilities.IndexOfLargest(current().Span) + 1;

    /// <summary>The probabilities of all classes.</summary>
    public static ValueGetter<VBuffer<float>> Score(Func<ReadOnlyMemory<float>> current) =>
        (ref VBuffer<float> value) =>
        {
            ReadOnlySpan<float> row = current().Span;
            VBufferEditor<float> editor = VBufferEditor.Create(ref value, row.Length);
            row.CopyTo(editor.Values);
            value = editor.Commit();
        };
}
