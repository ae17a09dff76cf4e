using System.Collections.Concurrent;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Models;

/// <summary>
/// What the layers below the lowest trained one make of each example: they never change and have no dropout, so from the second epoch
/// on it is read instead of computed.
/// </summary>
/// <remarks>
/// A shard is read only when all of its examples are known. A row does not depend on the rows beside it, so what is read has the bits of
/// what would be computed, in this training and in those of other models that follow over the same base and examples.
/// </remarks>
internal sealed class FrozenPrefix : IDisposable
{
    // Floats kept at most: 1 GiB. Examples beyond are computed anew each time.
    private const long Capacity = 1L << 28;

    private readonly ConcurrentDictionary<object, AlignedBuffer> _states = new(ReferenceEqualityComparer.Instance);
    private long _used;
    private (int Layers, bool FirstTokens) _covered;

    /// <summary>Says what is kept; states of other layers or rows are forgotten.</summary>
    /// <param name="layers">Layers below the lowest trained one; 0 to keep nothing.</param>
    /// <param name="firstTokens">Whether the first token of each example is kept alone.</param>
    public void Cover(int layers, bool firstTokens)
    {
        if (_covered != (layers, firstTokens))
        {
            Dispose();
            _covered = (layers, firstTokens);
        }
    }

    /// <summary>Copies the states of the pass's examples, end to end, where all are known.</summary>
    public bool TryRead(Pass pass, Matrix states)
    {
        ReadOnlySpan<object?> examples = pass.Examples;
        foreach (object? example in examples)
        {
            if (example is null || !_states.ContainsKey(example))
            {
                return false;
            }
        }

        int row = 0;
        foreach (object? example in examples)
        {
            AlignedBuffer known = _states[example!];
            int rows = (int)(known.Length / states.Columns);
            known.AsMatrix(rows, states.Columns).CopyTo(states.SliceRows(row, rows));
            row += rows;
        }

        return true;
    }

    /// <summary>Keeps the states of the pass's examples: one row each, or as many as the example has tokens.</summary>
    public void Store(Pass pass, Matrix states)
    {
        ReadOnlySpan<object?> examples = pass.Examples;
        ReadOnlySpan<int> offsets = states.Rows == pass.Sequences ? pass.SingleOffsets : pass.Offsets;
        for (int i = 0; i < examples.Length; i++)
        {
            Matrix rows = states.SliceRows(offsets[i], offsets[i + 1] - offsets[i]);
            long length = (long)rows.Rows * rows.Columns;
            if (examples[i] is not { } example || _states.ContainsKey(example))
            {
                continue;
            }

            if (Interlocked.Add(ref _used, length) > Capacity)
            {
                Interlocked.Add(ref _used, -length);
                return;
            }

            var kept = new AlignedBuffer(length);
            rows.CopyTo(kept.AsMatrix(rows.Rows, rows.Columns));
            if (!_states.TryAdd(example, kept))
            {
                kept.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (AlignedBuffer state in _states.Values)
        {
            state.Dispose();
        }

        _states.Clear();
        _used = 0;
    }
}
