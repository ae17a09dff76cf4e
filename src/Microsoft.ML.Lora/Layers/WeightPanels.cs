using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Layers;

/// <summary>
/// A weight W [out, in] packed for both directions: Wᵀ for y = x · Wᵀ, and W for gradInput = gradOutput · W where that is needed.
/// Each has spare rows at its end for a low-rank update, which rides in the same product.
/// </summary>
internal sealed class WeightPanels : IDisposable
{
    private readonly PackedMatrix _forward;
    private PackedMatrix? _backward;

    /// <summary>Panels of zeros.</summary>
    /// <param name="inFeatures">Columns of W.</param>
    /// <param name="outFeatures">Rows of W.</param>
    /// <param name="tailCapacity">The greatest rank of an update.</param>
    /// <param name="inputGradient">Whether the second direction is needed.</param>
    /// <param name="element">What W is kept in; a narrow one takes only numbers that it holds exactly.</param>
    public WeightPanels(
        int inFeatures, int outFeatures, int tailCapacity, bool inputGradient, PanelElement element = PanelElement.Float32)
    {
        _forward = new PackedMatrix(inFeatures, outFeatures, tailCapacity, element);
        _backward = inputGradient ? new PackedMatrix(outFeatures, inFeatures, tailCapacity, element) : null;
    }

    /// <summary>The weight of others, which have to outlive these, with room of their own for a low-rank update.</summary>
    /// <param name="weight">Whose weight; it has the second direction if that is needed.</param>
    /// <param name="tailCapacity">The greatest rank of an update.</param>
    /// <param name="inputGradient">Whether the second direction is needed.</param>
    public WeightPanels(WeightPanels weight, int tailCapacity, bool inputGradient)
    {
        _forward = new PackedMatrix(weight._forward, tailCapacity);
        _backward = inputGradient ? new PackedMatrix(weight._backward!, tailCapacity) : null;
    }

    /// <summary>Whether the second direction is there.</summary>
    public bool HasInputGradient => _backward is not null;

    /// <summary>Adds the second direction.</summary>
    /// <param name="visitRows">Calls for all rows of W, some at a time.</param>
    public void AddInputGradient(Action<Action<int, Matrix>> visitRows)
    {
        var backward = new PackedMatrix(_forward.N, _forward.K, _forward.TailCapacity, _forward.Element);
        visitRows(backward.PackRows);
        _backward = backward;
    }

    /// <summary>Takes rows of W, from <paramref name="firstRow"/> on.</summary>
    public void Pack(int firstRow, Matrix rows)
    {
        _forward.PackTransposedRows(firstRow, rows);
        _backward?.PackRows(firstRow, rows);
    }

    /// <summary>Has the end of the forward product ask for what <paramref name="next"/>'s reads.</summary>
    public void Precede(WeightPanels next) => _forward.Next = next._forward;

    /// <summary>Takes the factors of the low-rank update.</summary>
    /// <param name="a">[r, in].</param>
    /// <param name="b">[out, r].</param>
    public void SetTail(Matrix a, Matrix b)
    {
        _forward.SetTailTransposed(b);
        _backward?.SetTail(a);
    }

    /// <summary>output = [input | inputTail] · [W | B]ᵀ, then the epilogue.</summary>
    public void Multiply(Matrix input, Matrix inputTail, Matrix output, in Epilogue epilogue, ThreadTeam team) =>
        Gemm.Multiply(input, inputTail, _forward, output, epilogue, team);

    /// <summary>gradInput (+)= [gradOutput | gradTail] · [W ; A], the second part through the dropout.</summary>
    public void MultiplyTransposed(
        Matrix gradOutput, Matrix gradTail, Matrix gradInput, bool accumulate, DropoutMask tailDropout, ThreadTeam team)
    {
        if (_backward is null)
        {
            throw new InvalidOperationException("The weight was packed without its backward panels.");
        }

        var epilogue = new Epilogue { Accumulate = accumulate, TailDropout = tailDropout };
        Gemm.Multiply(gradOutput, gradTail, _backward, gradInput, epilogue, team);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _forward.Dispose();
        _backward?.Dispose();
    }
}
