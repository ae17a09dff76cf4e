using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Models;

/// <summary>What a model keeps of one pass.</summary>
internal sealed class ModelMemo(SequenceModel model)
{
    public EncoderMemo Encoder { get; } = new(model.Encoder);

    public HeadMemo Head { get; } = new();
}

/// <summary>An encoder with a head over whole sequences, and the parameters that are trained.</summary>
internal sealed class SequenceModel : IDisposable
{
    private LinearLayer[] _trained = [];
    private SharedBase? _shared;

    /// <summary>Looks up every tensor; what is to be trained is settled afterwards, then <see cref="Prepare"/> packs.</summary>
    /// <param name="weights">The checkpoint; it has to stay open as long as the model is used.</param>
    /// <param name="config">Sizes and names.</param>
    /// <param name="head">The head that is asked for.</param>
    /// <param name="trainHeadDense">Whether to train the head's dense layer although it belongs to the base.</param>
    /// <param name="random">Where new weights come from.</param>
    /// <exception cref="InvalidDataException">The checkpoint lacks tensors, or some are of another shape.</exception>
    public SequenceModel(
        WeightSource weights, EncoderConfig config, HeadSpec head, bool trainHeadDense, RandomStream random)
    {
        var reader = new WeightReader(weights, config.Family.Prefix);
        Encoder = new Encoder(reader, config);
        Head = new SequenceHead(reader, config, head, trainHeadDense, Parameters, random);
        foreach (Parameter parameter in Parameters.All)
        {
            parameter.IsHead = true;
        }

        reader.ThrowIfIncomplete(config.Family.ModelType);
        Slots =
        [
            .. Encoder.Slots, .. new[] { Encoder.Embeddings.Projection, Head.Slot }.OfType<LinearSlot>(),
        ];
    }

    /// <summary>The encoder.</summary>
    public Encoder Encoder { get; }

    /// <summary>The head.</summary>
    public SequenceHead Head { get; }

    /// <summary>
    /// The linear layers of the base that adapters may replace: those of the encoder's layers from below, then what lies below
    /// and above them where the model has it: the projection of its embeddings, the head's dense layer.
    /// </summary>
    public IReadOnlyList<LinearSlot> Slots { get; }

    /// <summary>What is trained.</summary>
    public ParameterSet Parameters { get; } = new();

    /// <summary>Numbers in the encoder and the head, what was added for training included.</summary>
    public long ParameterCount => Encoder.FrozenCount + Head.FrozenCount + Parameters.Count;

    /// <summary>Has what is frozen held for the models that follow, and takes what those before left; called before all else.</summary>
    public void Share(SharedBase shared)
    {
        _shared = shared;
        foreach (LinearSlot slot in Slots)
        {
            ((FrozenLinear)slot.Layer).Cache = shared.Panels;
        }
    }

    /// <summary>Packs the weights, and gives what is trained its start.</summary>
    /// <param name="training">Whether the model will be trained, so that the same examples come again and again.</param>
    public void Prepare(bool training)
    {
        Encoder.Prepare(training, Head.ReadsFirstToken, _shared?.Prefix);
        Head.Prepare(Encoder.IsTrained);
        FrozenLinear.Chain([.. Encoder.Slots.Select(slot => slot.Layer).OfType<FrozenLinear>()]);
        _trained = [.. Slots.Where(slot => slot != Head.Slot).Select(slot => slot.Layer).Where(layer => layer.IsTrained)];
    }

    /// <summary>Takes changed parameters into the packed weights.</summary>
    public void Refresh()
    {
        foreach (LinearLayer layer in _trained)
        {
            layer.Refresh();
        }

        Encoder.RefreshRelativePositions();

        Head.Refresh();
    }

    /// <summary>The outputs [B, outputs] of the pass's sequences.</summary>
    public Matrix Forward(Pass pass, ModelMemo memo)
    {
        Matrix hidden = Encoder.Forward(pass, memo.Encoder, Head.ReadsFirstToken);
        return Head.Forward(pass, memo.Head, hidden);
    }

    /// <summary>Adds the gradients of everything trained.</summary>
    public void Backward(Pass pass, ModelMemo memo, Matrix gradOutputs) =>
        BackwardHidden(pass, memo, Head.Backward(pass, memo.Head, gradOutputs, Encoder.IsTrained));

    /// <summary>What the output layer of the head reads [B, C] of the pass's sequences.</summary>
    public Matrix ReadFeatures(Pass pass, ModelMemo memo)
    {
        Matrix hidden = Encoder.Forward(pass, memo.Encoder, Head.ReadsFirstToken);
        return Head.ReadFeatures(pass, memo.Head, hidden);
    }

    /// <summary>Adds the gradients of everything trained below the output layer.</summary>
    /// <param name="pass">The shard's pass.</param>
    /// <param name="memo">What <see cref="ReadFeatures"/> kept.</param>
    /// <param name="gradFeatures">[B, C]; overwritten.</param>
    public void BackwardFeatures(Pass pass, ModelMemo memo, Matrix gradFeatures) =>
        BackwardHidden(pass, memo, Head.BackwardFeatures(pass, memo.Head, gradFeatures, Encoder.IsTrained));

    /// <inheritdoc/>
    public void Dispose()
    {
        Encoder.Dispose();
        Head.Dispose();
        Parameters.Dispose();
    }

    private void BackwardHidden(Pass pass, ModelMemo memo, Matrix gradHidden)
    {
        if (Encoder.IsTrained)
        {
            Encoder.Backward(pass, memo.Encoder, gradHidden);
        }
    }
}
