using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Layers;

/// <summary>
/// A table of vectors by index. Frozen, it is read where it is stored, a row at a time, in the precision it has there; it may be
/// trained instead.
/// </summary>
internal sealed class EmbeddingTable(string name, StoredTensor stored)
{
    private Parameter? _parameter;

    /// <summary>The module path.</summary>
    public string Name { get; } = name;

    /// <summary>Number of vectors.</summary>
    public int Count { get; } = (int)stored.Shape[0];

    /// <summary>Width of a vector.</summary>
    public int Width { get; } = (int)stored.Shape[1];

    /// <summary>Whether it is trained.</summary>
    public bool IsTrained => _parameter is not null;

    /// <summary>Number of its numbers that are not trained.</summary>
    public long FrozenCount => IsTrained ? 0 : (long)Count * Width;

    /// <summary>Has the table trained.</summary>
    public void Train(ParameterSet parameters) =>
        _parameter ??= parameters.Add(Name + ".weight", ParameterRole.Weight, Count, Width);

    /// <summary>Gives it its start where it is trained.</summary>
    public void Prepare()
    {
        if (_parameter is not null)
        {
            stored.CopyTo(_parameter.Value.Span);
            stored.ReleasePages();
        }
    }

    /// <summary>output[i] = (output[i] +) vector[indices[i] + shift].</summary>
    public void Forward(Pass pass, ReadOnlySpan<int> indices, int shift, Matrix output, bool accumulate)
    {
        Workspace.Position mark = pass.Workspace.Mark();
        Matrix row = pass.Workspace.Rent(1, Width);
        for (int i = 0; i < indices.Length; i++)
        {
            Matrix target = output.SliceRows(i, 1);
            if (_parameter is not null)
            {
                _parameter.Value[indices[i] + shift].CopyTo(row.Span);
            }
            else
            {
                stored.CopyTo(row.Span, (long)(indices[i] + shift) * Width);
            }

            if (accumulate)
            {
                Elementwise.Add(row, target);
            }
            else
            {
                row.CopyTo(target);
            }
        }

        pass.Workspace.Release(mark);
    }

    /// <summary>Adds each row's gradient to its vector's, where the table is trained.</summary>
    public void Backward(Pass pass, ReadOnlySpan<int> indices, int shift, Matrix gradOutput)
    {
        if (_parameter is null)
        {
            return;
        }

        Matrix gradients = _parameter.In(pass.Gradients!);
        for (int i = 0; i < indices.Length; i++)
        {
            Elementwise.Add(gradOutput.SliceRows(i, 1), gradients.SliceRows(indices[i] + shift, 1));
        }
    }
}
