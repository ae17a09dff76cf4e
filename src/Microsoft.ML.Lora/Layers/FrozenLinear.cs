using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Layers;

/// <summary>
/// A linear layer of the base: its weight goes from the checkpoint straight into packed panels and never changes. Only its bias
/// may be trained.
/// </summary>
/// <remarks>
/// A weight that is stored in 16 bits stays in 16 bits in the panels, half the memory and half of what a product has to fetch, and is
/// widened on the way into the multipliers: the same numbers, so the same bits. What is amended is packed as floats.
/// </remarks>
internal sealed class FrozenLinear : LinearLayer
{
    // Rows widened at a time while packing: whole panels of any kernel, and a few hundred kilobytes.
    private const int RowsAtATime = 192;

    private readonly StoredTensor _weight;
    private readonly AlignedBuffer? _bias;
    private Parameter? _biasParameter;
    private WeightPanels? _panels;
    private WeightAmendment? _amendment;
    private PanelElement? _element;

    /// <summary>A layer of a checkpoint, not yet packed.</summary>
    /// <param name="name">The module path.</param>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out], or null.</param>
    public FrozenLinear(string name, StoredTensor weight, float[]? bias)
        : base(name, (int)weight.Shape[1], (int)weight.Shape[0])
    {
        _weight = weight;
        if (bias is not null)
        {
            _bias = new AlignedBuffer(OutFeatures);
            bias.CopyTo(_bias.Span);
        }
    }

    /// <inheritdoc/>
    public override bool IsTrained => _biasParameter is not null;

    /// <inheritdoc/>
    public override long FrozenCount => ((long)InFeatures * OutFeatures) + (HasBias && !IsTrained ? OutFeatures : 0);

    /// <summary>Spare rows for a low-rank update; set before packing.</summary>
    public int TailCapacity { get; set; }

    /// <summary>Where the packed weight is held for the models that follow; null to pack it for this layer alone.</summary>
    public PanelCache? Cache { get; set; }

    /// <summary>Changes rows of the weight on their way into the panels: a merge, or an initialisation that takes a part out.</summary>
    public WeightAmendment? Amendment
    {
        get => _amendment;
        set => (_amendment, _element) = (value, null);
    }

    /// <summary>What the panels hold.</summary>
    public PanelElement Element => _element ??= Amendment is not null ? PanelElement.Float32
        : _weight.Type == StorageType.F16 && _weight.HasSmallHalves() ? PanelElement.Float16
        : _weight.Type == StorageType.BF16 ? PanelElement.BFloat16
        : PanelElement.Float32;

    /// <summary>Whether the layer has a bias.</summary>
    public bool HasBias => _bias is not null;

    /// <summary>The bias [1, out]; default where there is none.</summary>
    public Matrix Bias => _biasParameter?.Value ?? _bias?.AsMatrix(1, OutFeatures) ?? default;

    /// <summary>Has the bias trained; its value is copied by <see cref="Prepare"/>.</summary>
    public void TrainBias(ParameterSet parameters) =>
        _biasParameter ??= parameters.Add(Name + ".bias", ParameterRole.Bias, OutFeatures);

    /// <summary>The same layer with its weight trained.</summary>
    public TrainedLinear ToTrained(ParameterSet parameters)
    {
        Cache?.Drop(Name);
        return new TrainedLinear(
            Name, InFeatures, OutFeatures, parameters, weight => ReadRows(0, weight.Value),
            _bias is null ? null : bias => _bias.Span.CopyTo(bias.Value.Span));
    }

    /// <summary>Rows of the weight, amended.</summary>
    public void ReadRows(int firstRow, Matrix rows)
    {
        _weight.CopyTo(rows.Span, (long)firstRow * InFeatures);
        Amendment?.Invoke(firstRow, rows);
    }

    /// <summary>Has the end of each layer's forward product ask for the next one's weight; all are prepared.</summary>
    public static void Chain(ReadOnlySpan<FrozenLinear> layers)
    {
        for (int i = 1; i < layers.Length; i++)
        {
            layers[i - 1]._panels!.Precede(layers[i]._panels!);
        }
    }

    /// <summary>Calls <paramref name="visit"/> for all rows of the weight, some at a time.</summary>
    public void VisitRows(Action<int, Matrix> visit)
    {
        using var buffer = new AlignedBuffer((long)Math.Min(RowsAtATime, OutFeatures) * InFeatures);
        for (int first = 0; first < OutFeatures; first += RowsAtATime)
        {
            Matrix rows = buffer.AsMatrix(Math.Min(RowsAtATime, OutFeatures - first), InFeatures);
            ReadRows(first, rows);
            visit(first, rows);
        }

        _weight.ReleasePages();
    }

    /// <summary>The weight, packed.</summary>
    /// <param name="tailCapacity">The greatest rank of an update.</param>
    /// <param name="inputGradient">Whether a gradient will be asked for the layer's input.</param>
    public WeightPanels Pack(int tailCapacity, bool inputGradient)
    {
        var panels = new WeightPanels(InFeatures, OutFeatures, tailCapacity, inputGradient, Element);
        VisitRows(panels.Pack);
        return panels;
    }

    /// <inheritdoc/>
    public override void Prepare(bool inputGradient)
    {
        _panels?.Dispose();
        _panels = Cache?.Open(this, inputGradient) ?? Pack(TailCapacity, inputGradient);
        if (_biasParameter is not null)
        {
            _bias!.Span.CopyTo(_biasParameter.Value.Span);
        }
    }

    /// <summary>Takes the factors of a low-rank update into the panels.</summary>
    public void SetTail(Matrix a, Matrix b) => _panels!.SetTail(a, b);

    /// <inheritdoc/>
    public override void Forward(Pass pass, Matrix input, Matrix output, in Epilogue epilogue, ref LinearMemo memo) =>
        Multiply(pass, input, default, output, epilogue);

    /// <inheritdoc/>
    public override void Backward(Pass pass, in LinearMemo memo, Matrix gradOutput, Matrix gradInput, bool accumulate)
    {
        BackwardBias(pass, gradOutput);
        if (!gradInput.IsEmpty)
        {
            MultiplyTransposed(pass, gradOutput, default, gradInput, accumulate, default);
        }
    }

    /// <summary>output = [input | inputTail] · [W | B]ᵀ + bias, then the rest of the epilogue.</summary>
    public void Multiply(Pass pass, Matrix input, Matrix inputTail, Matrix output, in Epilogue epilogue) =>
        _panels!.Multiply(input, inputTail, output, epilogue with { BiasRow = Bias }, pass.Team);

    /// <summary>output = [input | inputTail] · [W | B]ᵀ without the bias.</summary>
    public void MultiplyWithoutBias(Matrix input, Matrix inputTail, Matrix output, ThreadTeam team) =>
        _panels!.Multiply(input, inputTail, output, default, team);

    /// <summary>gradInput (+)= [gradOutput | gradTail] · [W ; A], the second part through the dropout.</summary>
    public void MultiplyTransposed(
        Pass pass, Matrix gradOutput, Matrix gradTail, Matrix gradInput, bool accumulate, DropoutMask tailDropout) =>
        _panels!.MultiplyTransposed(gradOutput, gradTail, gradInput, accumulate, tailDropout, pass.Team);

    /// <summary>Adds the bias's gradient where it is trained.</summary>
    public void BackwardBias(Pass pass, Matrix gradOutput)
    {
        if (_biasParameter is not null)
        {
            Reductions.AddColumnSums(gradOutput, _biasParameter.In(pass.Gradients!).Span);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _panels?.Dispose();
        _bias?.Dispose();
    }
}

/// <summary>Changes rows [count, in] of a weight in place; the first is row <paramref name="firstRow"/>.</summary>
internal delegate void WeightAmendment(int firstRow, Matrix rows);
