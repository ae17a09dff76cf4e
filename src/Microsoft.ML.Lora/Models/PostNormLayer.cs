using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Models;

/// <summary>
/// BERT's layer: a = norm(x + attention(x)·Wo), y = norm(a + act(a·Wi)·Wd). Where the head reads only the first token of each
/// sequence, the last layer computes queries and everything after them for that token alone.
/// </summary>
internal sealed class PostNormLayer : EncoderLayer
{
    private readonly EncoderConfig _config;
    private readonly int _index;
    private readonly AttentionCore _attention;
    private readonly LinearSlot _query;
    private readonly LinearSlot _key;
    private readonly LinearSlot _value;
    private readonly LinearSlot _attentionOutput;
    private readonly NormLayer _attentionNorm;
    private readonly LinearSlot _intermediate;
    private readonly LinearSlot _output;
    private readonly NormLayer _outputNorm;
    private Depth _depth = Depth.Input;

    /// <summary>Looks the layer's weights up.</summary>
    /// <param name="reader">The checkpoint.</param>
    /// <param name="config">Sizes and names.</param>
    /// <param name="index">Index of the layer.</param>
    /// <param name="createAttention">Makes the attention, which may project positions with the layer's queries and keys.</param>
    public PostNormLayer(
        WeightReader reader,
        EncoderConfig config,
        int index,
        Func<LinearSlot, LinearSlot, AttentionCore> createAttention)
    {
        _config = config;
        _index = index;
        LayerNames names = config.Family.Layer;
        string path = config.Family.Prefix + string.Format(null, names.Path, index) + ".";
        int hidden = config.HiddenSize;
        int wide = config.IntermediateSize;

        _query = Slot(names.Query, LinearRole.Query, hidden, hidden);
        _key = Slot(names.Key, LinearRole.Key, hidden, hidden);
        _value = Slot(names.Value, LinearRole.Value, hidden, hidden);
        _attention = createAttention(_query, _key);
        _attentionOutput = Slot(names.AttentionOutput, LinearRole.AttentionOutput, hidden, hidden);
        _attentionNorm = reader.Norm(path + names.AttentionNorm, hidden, config.LayerNormEps);
        _intermediate = Slot(names.Intermediate, LinearRole.Intermediate, hidden, wide);
        _output = Slot(names.Output, LinearRole.Output, wide, hidden);
        _outputNorm = reader.Norm(path + names.OutputNorm, hidden, config.LayerNormEps);
        Slots = [_query, _key, _value, _attentionOutput, _intermediate, _output];
        Norms = [_attentionNorm, _outputNorm];

        LinearSlot Slot(string name, LinearRole role, int from, int to) =>
            new(path + name, role, index, reader.Linear(path + name, from, to));
    }

    // How far down the backward pass goes; whatever is trained lies at or above it.
    private enum Depth
    {
        Input,
        Attention,
        AttentionOutput,
        AttentionNorm,
        Intermediate,
        Output,
    }

    /// <inheritdoc/>
    public override IReadOnlyList<LinearSlot> Slots { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<NormLayer> Norms { get; }

    /// <inheritdoc/>
    public override LayerMemo CreateMemo() => new Memo(_attention.CreateMemo());

    /// <inheritdoc/>
    public override void Prepare(bool inputGradient)
    {
        _depth = inputGradient ? Depth.Input
            : _query.Layer.IsTrained || _key.Layer.IsTrained || _value.Layer.IsTrained ? Depth.Attention
            : _attentionOutput.Layer.IsTrained ? Depth.AttentionOutput
            : _attentionNorm.IsTrained ? Depth.AttentionNorm
            : _intermediate.Layer.IsTrained ? Depth.Intermediate
            : Depth.Output;
        _query.Layer.Prepare(inputGradient);
        _key.Layer.Prepare(inputGradient);
        _value.Layer.Prepare(inputGradient);
        _attentionOutput.Layer.Prepare(_depth <= Depth.Attention);
        _attentionNorm.Prepare();
        _intermediate.Layer.Prepare(_depth <= Depth.AttentionNorm);
        _output.Layer.Prepare(_depth <= Depth.Intermediate);
        _outputNorm.Prepare();
    }

    /// <inheritdoc/>
    public override void Forward(Pass pass, LayerMemo memo, Matrix input, Matrix output)
    {
        var m = (Memo)memo;
        Workspace workspace = pass.Workspace;
        int rows = output.Rows;
        int hidden = _config.HiddenSize;
        m.FirstOnly = rows < pass.Tokens;
        Matrix read = m.FirstOnly ? pass.FirstRows(input) : input;                                       // [rows, C]

        AttentionMemo attention = m.Attention;
        attention.Query = workspace.Rent(rows, hidden);
        attention.Key = workspace.Rent(pass.Tokens, hidden);
        attention.Value = workspace.Rent(pass.Tokens, hidden);
        _query.Layer.Forward(pass, read, attention.Query, default, ref m.QueryMemo);
        _key.Layer.Forward(pass, input, attention.Key, default, ref m.KeyMemo);
        _value.Layer.Forward(pass, input, attention.Value, default, ref m.ValueMemo);
        m.Context = workspace.Rent(rows, hidden);
        _attention.Forward(pass, attention, m.Context, m.Keep);

        m.AttentionSum = workspace.Rent(rows, hidden);
        m.AttentionOutputDropout = m.Keep
            ? pass.Dropout(_config.HiddenDropout, DropoutStreams.AttentionOutput(_index))
            : default;
        var attended = new Epilogue { Dropout = m.AttentionOutputDropout, Residual = read };
        _attentionOutput.Layer.Forward(pass, m.Context, m.AttentionSum, attended, ref m.AttentionOutputMemo);
        m.AttentionNormStatistics = m.Keep ? workspace.Rent(rows, 2) : default;
        m.Attended = m.Keep ? workspace.Rent(rows, hidden) : m.AttentionSum;
        _attentionNorm.Forward(m.AttentionSum, m.Attended, m.AttentionNormStatistics);

        m.PreActivation = workspace.Rent(rows, _config.IntermediateSize);                                 // [rows, F]
        m.Activated = m.Keep ? workspace.Rent(rows, _config.IntermediateSize) : m.PreActivation;
        var activation = new Epilogue { Activation = _config.HiddenAct, Activated = m.Keep ? m.Activated : default };
        _intermediate.Layer.Forward(pass, m.Attended, m.PreActivation, activation, ref m.IntermediateMemo);

        m.Sum = m.Keep ? workspace.Rent(rows, hidden) : output;
        m.OutputDropout = m.Keep ? pass.Dropout(_config.HiddenDropout, DropoutStreams.Output(_index)) : default;
        var summed = new Epilogue { Dropout = m.OutputDropout, Residual = m.Attended };
        _output.Layer.Forward(pass, m.Activated, m.Sum, summed, ref m.OutputMemo);
        m.OutputNormStatistics = m.Keep ? workspace.Rent(rows, 2) : default;
        _outputNorm.Forward(m.Sum, output, m.OutputNormStatistics);
    }

    /// <inheritdoc/>
    public override Matrix Backward(Pass pass, LayerMemo memo, Matrix grad)
    {
        var m = (Memo)memo;
        Workspace workspace = pass.Workspace;
        Matrix gradInput = m.FirstOnly && _depth == Depth.Input ? workspace.Rent(pass.Tokens, _config.HiddenSize) : grad;
        Workspace.Position mark = workspace.Mark();

        // grad is the gradient of each [rows, C] in turn, from the output down.
        _outputNorm.Backward(pass, grad, m.Sum, m.OutputNormStatistics, grad);
        BackwardFeedForward(pass, m, grad);
        if (_depth <= Depth.AttentionNorm)
        {
            _attentionNorm.Backward(pass, grad, m.AttentionSum, m.AttentionNormStatistics, grad);
            BackwardAttention(pass, m, grad, gradInput);
        }

        workspace.Release(mark);
        return gradInput;
    }

    /// <summary>From the gradient of the sum to that of the feed-forward part's input: grad += (grad · Wd)·act′ · Wi.</summary>
    private void BackwardFeedForward(Pass pass, Memo m, Matrix grad)
    {
        Matrix gradWide = _depth <= Depth.Intermediate
            ? pass.Workspace.Rent(grad.Rows, _config.IntermediateSize)
            : default;
        Matrix gradOutput = Dropped(pass, m.OutputDropout, grad);
        _output.Layer.Backward(pass, m.OutputMemo, gradOutput, gradWide, accumulate: false);
        if (_depth <= Depth.Intermediate)
        {
            Activations.Backward(_config.HiddenAct, m.PreActivation, gradWide, gradWide);
            Matrix gradAttended = _depth <= Depth.AttentionNorm ? grad : default;
            _intermediate.Layer.Backward(pass, m.IntermediateMemo, gradWide, gradAttended, accumulate: true);
        }
    }

    /// <summary>From the gradient of the attention's sum, which is also that of the residual, to the input's.</summary>
    private void BackwardAttention(Pass pass, Memo m, Matrix grad, Matrix gradInput)
    {
        Workspace workspace = pass.Workspace;
        int hidden = _config.HiddenSize;
        Matrix gradContext = _depth <= Depth.Attention ? workspace.Rent(grad.Rows, hidden) : default;
        if (_depth <= Depth.AttentionOutput)
        {
            Matrix gradOutput = Dropped(pass, m.AttentionOutputDropout, grad);
            _attentionOutput.Layer.Backward(pass, m.AttentionOutputMemo, gradOutput, gradContext, accumulate: false);
        }

        if (_depth > Depth.Attention)
        {
            return;
        }

        Matrix gradQuery = workspace.Rent(grad.Rows, hidden);
        Matrix gradKey = workspace.Rent(pass.Tokens, hidden);
        Matrix gradValue = workspace.Rent(pass.Tokens, hidden);
        _attention.Backward(pass, m.Attention, gradContext, gradQuery, gradKey, gradValue);

        bool wanted = _depth == Depth.Input;
        _query.Layer.Backward(pass, m.QueryMemo, gradQuery, wanted ? grad : default, accumulate: true);
        _key.Layer.Backward(pass, m.KeyMemo, gradKey, wanted ? gradInput : default, accumulate: !m.FirstOnly);
        _value.Layer.Backward(pass, m.ValueMemo, gradValue, wanted ? gradInput : default, accumulate: true);
        if (wanted && m.FirstOnly)
        {
            RowGather.ScatterAdd(grad, pass.FirstTokens, gradInput);
        }
    }

    // The residual's gradient stays whole.
    private static Matrix Dropped(Pass pass, DropoutMask dropout, Matrix grad)
    {
        if (dropout.IsEmpty)
        {
            return grad;
        }

        Matrix dropped = pass.Workspace.Rent(grad.Rows, grad.Columns);
        Elementwise.Dropout(grad, dropout, dropped);
        return dropped;
    }

    private sealed class Memo(AttentionMemo attention) : LayerMemo
    {
        public readonly AttentionMemo Attention = attention;
        public bool FirstOnly;
        public DropoutMask AttentionOutputDropout, OutputDropout;
        public Matrix Context, AttentionSum, AttentionNormStatistics, Attended;
        public Matrix PreActivation, Activated, Sum, OutputNormStatistics;
        public LinearMemo QueryMemo, KeyMemo, ValueMemo, AttentionOutputMemo, IntermediateMemo, OutputMemo;
    }
}
