using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Models.Heads;

/// <summary>What a head keeps of one pass.</summary>
internal sealed class HeadMemo
{
    public Matrix Pooled, PreActivation, Activated, NormStatistics, Normalised;
    public LinearMemo Dense, Output;
    public DropoutMask Dropout;
}

/// <summary>
/// The head over a whole sequence: what pooling reads, [dense, activation, norm,] dropout, output layer. With the family's own
/// head this is what transformers' …ForSequenceClassification computes.
/// </summary>
internal sealed class SequenceHead : IDisposable
{
    private readonly HeadSpec _spec;
    private readonly Activation _activation;
    private readonly LinearSlot? _denseSlot;
    private readonly NormLayer? _norm;
    private readonly TrainedLinear _output;

    /// <summary>Looks up what the checkpoint has of the head; the rest starts at random.</summary>
    /// <param name="reader">The checkpoint.</param>
    /// <param name="config">Sizes and names.</param>
    /// <param name="spec">The head that is asked for.</param>
    /// <param name="trainDense">Whether to train the dense layer and its norm although they belong to the base.</param>
    /// <param name="parameters">Where trained tensors are added.</param>
    /// <param name="random">Where new weights come from.</param>
    public SequenceHead(
        WeightReader reader, EncoderConfig config, HeadSpec spec, bool trainDense, ParameterSet parameters, RandomStream random)
    {
        _spec = spec;
        ReadsFirstToken = spec.Pooling switch
        {
            Pooling.Mean => false,
            Pooling.FirstToken => true,
            _ => !config.HeadReadsMean,
        };
        HeadNames names = config.Family.Head;
        int hidden = config.HiddenSize;
        if (spec.Pooling == Pooling.FamilyHead && names.Dense is not null)
        {
            bool isNew = names.DenseIsTrained || reader.Find(names.Dense + ".weight", hidden, hidden) is null;
            _activation = names.Activation;
            LinearLayer dense = isNew || trainDense
                ? Trained(names.Dense, hidden, names.DenseHasBias)
                : reader.Linear(names.Dense, hidden, hidden, names.DenseHasBias);
            _denseSlot = new LinearSlot(names.Dense, LinearRole.None, -1, dense);
            _norm = names.Norm is null ? null : Norm(names.Norm, isNew || trainDense);
        }

        _output = Trained(spec.Pooling == Pooling.FamilyHead ? names.Output : "classifier", spec.Outputs, bias: true);

        NormLayer Norm(string path, bool train)
        {
            bool isThere = reader.Find(path + ".weight", hidden) is not null;
            NormLayer norm = isThere
                ? reader.Norm(path, hidden, config.LayerNormEps, config.HasNormBias)
                : NormLayer.New(path, hidden, config.LayerNormEps, config.HasNormBias);
            if (train)
            {
                norm.Train(parameters, factors: true);
            }

            return norm;
        }

        TrainedLinear Trained(string path, int outputs, bool bias)
        {
            StoredTensor? weight = reader.Find(path + ".weight", outputs, hidden);
            StoredTensor? biasTensor = weight is null ? null : reader.Find(path + ".bias", outputs);
            return new TrainedLinear(
                path, hidden, outputs, parameters, FillFrom(weight, random.Fork(path), config.InitializerRange),
                bias ? FillFrom(biasTensor, default, 0) : null);
        }
    }

    /// <summary>Whether only the first token of each sequence is read.</summary>
    public bool ReadsFirstToken { get; }

    /// <summary>Number of outputs.</summary>
    public int Outputs => _spec.Outputs;

    /// <summary>Width of what the output layer reads.</summary>
    public int Width => _output.InFeatures;

    /// <summary>The dense layer where it is part of the base: adapters may replace it.</summary>
    public LinearSlot? Slot => Dense is null or TrainedLinear ? null : _denseSlot;

    /// <summary>The norm after the dense layer, which is part of the base.</summary>
    public NormLayer? Norm => _norm;

    /// <summary>Number of its numbers that are not trained.</summary>
    public long FrozenCount => (Dense?.FrozenCount ?? 0) + (_norm?.FrozenCount ?? 0);

    private LinearLayer? Dense => _denseSlot?.Layer;

    /// <summary>Packs the weights, and gives what is trained its start.</summary>
    /// <param name="inputGradient">Whether anything in the encoder is trained.</param>
    public void Prepare(bool inputGradient)
    {
        bool denseGradient = inputGradient || (Dense?.IsTrained ?? false) || (_norm?.IsTrained ?? false);
        Dense?.Prepare(inputGradient);
        _norm?.Prepare();
        _output.Prepare(denseGradient);
    }

    /// <summary>Gives the output layer other weights.</summary>
    public void Start(ReadOnlySpan<float> weight, ReadOnlySpan<float> bias) => _output.Set(weight, bias);

    /// <summary>Takes changed parameters into the packed weights.</summary>
    public void Refresh()
    {
        Dense?.Refresh();
        _output.Refresh();
    }

    /// <summary>The outputs [B, outputs] from the last hidden states: [B, C] where first tokens are read, else [T, C].</summary>
    public Matrix Forward(Pass pass, HeadMemo memo, Matrix hidden)
    {
        Workspace workspace = pass.Workspace;
        Matrix state = ReadFeatures(pass, memo, hidden);
        memo.Dropout = pass.Dropout(_spec.Dropout, DropoutStreams.Head);
        if (!memo.Dropout.IsEmpty)
        {
            Matrix dropped = workspace.Rent(pass.Sequences, state.Columns);
            Elementwise.Dropout(state, memo.Dropout, dropped);
            state = dropped;
        }

        Matrix outputs = workspace.Rent(pass.Sequences, _spec.Outputs);
        _output.Forward(pass, state, outputs, default, ref memo.Output);
        return outputs;
    }

    /// <summary>What the output layer reads [B, C], before dropout, from the last hidden states.</summary>
    public Matrix ReadFeatures(Pass pass, HeadMemo memo, Matrix hidden)
    {
        Workspace workspace = pass.Workspace;
        int width = hidden.Columns;
        Matrix state = hidden;
        if (!ReadsFirstToken)
        {
            state = workspace.Rent(pass.Sequences, width);
            MeanPooling.Forward(hidden, pass.Offsets, state);
        }

        if (Dense is not null)
        {
            memo.PreActivation = workspace.Rent(pass.Sequences, width);
            memo.Activated = workspace.Rent(pass.Sequences, width);
            var epilogue = new Epilogue { Activation = _activation, Activated = memo.Activated };
            Dense.Forward(pass, state, memo.PreActivation, epilogue, ref memo.Dense);
            state = memo.Activated;
        }

        if (_norm is not null)
        {
            memo.NormStatistics = workspace.Rent(pass.Sequences, 2);
            memo.Normalised = workspace.Rent(pass.Sequences, width);
            _norm.Forward(state, memo.Normalised, memo.NormStatistics);
            state = memo.Normalised;
        }

        return state;
    }

    /// <summary>Adds the gradients of what is trained, and gives that of the hidden states.</summary>
    /// <param name="pass">The shard's pass.</param>
    /// <param name="memo">What the forward pass kept.</param>
    /// <param name="gradOutputs">[B, outputs].</param>
    /// <param name="inputGradient">Whether the gradient of the hidden states is needed.</param>
    public Matrix Backward(Pass pass, HeadMemo memo, Matrix gradOutputs, bool inputGradient)
    {
        Workspace workspace = pass.Workspace;
        int width = _output.InFeatures;
        bool denseGradient = inputGradient || (Dense?.IsTrained ?? false) || (_norm?.IsTrained ?? false);
        Matrix grad = denseGradient ? workspace.Rent(pass.Sequences, width) : default;
        _output.Backward(pass, memo.Output, gradOutputs, grad, accumulate: false);
        if (!denseGradient)
        {
            return default;
        }

        if (!memo.Dropout.IsEmpty)
        {
            Elementwise.Dropout(grad, memo.Dropout, grad);
        }

        return BackwardFeatures(pass, memo, grad, inputGradient);
    }

    /// <summary>Adds the gradients of what is trained below the output layer, and gives that of the hidden states.</summary>
    /// <param name="pass">The shard's pass.</param>
    /// <param name="memo">What the forward pass kept.</param>
    /// <param name="grad">[B, C], the gradient of what the output layer reads; overwritten.</param>
    /// <param name="inputGradient">Whether the gradient of the hidden states is needed.</param>
    public Matrix BackwardFeatures(Pass pass, HeadMemo memo, Matrix grad, bool inputGradient)
    {
        Workspace workspace = pass.Workspace;
        int width = grad.Columns;
        _norm?.Backward(pass, grad, memo.Activated, memo.NormStatistics, grad);
        if (Dense is not null)
        {
            Activations.Backward(_activation, memo.PreActivation, grad, grad);
            Matrix gradPooled = inputGradient ? workspace.Rent(pass.Sequences, width) : default;
            Dense.Backward(pass, memo.Dense, grad, gradPooled, accumulate: false);
            grad = gradPooled;
        }

        if (ReadsFirstToken || !inputGradient)
        {
            return grad;
        }

        Matrix gradHidden = workspace.Rent(pass.Tokens, width);
        MeanPooling.Backward(grad, pass.Offsets, gradHidden);
        return gradHidden;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dense?.Dispose();
        _norm?.Dispose();
        _output.Dispose();
    }

    private static Action<Parameter> FillFrom(StoredTensor? stored, RandomStream random, float deviation) => parameter =>
    {
        if (stored is not null)
        {
            stored.CopyTo(parameter.Value.Span);
        }
        else if (deviation > 0)
        {
            random.FillNormal(parameter.Value.Span, deviation);
        }
    };
}
