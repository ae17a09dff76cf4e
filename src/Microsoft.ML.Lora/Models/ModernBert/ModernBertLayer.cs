using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Models.ModernBert;

/// <summary>
/// ModernBERT's layer (Warner et al. 2024): y = a + (act(u)·v)·Wo with [u, v] = norm(a)·Wi and a = x + attention(norm(x))·Wo. Queries and
/// keys are turned by their positions; every few layers all tokens see each other, in the others those within reach.
/// </summary>
internal sealed class ModernBertLayer : EncoderLayer
{
    private readonly EncoderConfig _config;
    private readonly AttentionSpec _attention;
    private readonly Matrix _rotary;
    private readonly NormLayer? _attentionNorm;
    private readonly LinearSlot _queryKeyValue;
    private readonly LinearSlot _attentionOutput;
    private readonly NormLayer _mlpNorm;
    private readonly LinearSlot _intermediate;
    private readonly LinearSlot _output;
    private Depth _depth = Depth.Input;

    /// <summary>Looks the layer's weights up.</summary>
    public ModernBertLayer(
        WeightReader reader, EncoderConfig config, int index, ModernBertSettings settings, RotaryTables rotary)
    {
        _config = config;
        bool global = settings.IsGlobal[index];
        _rotary = global ? rotary.Global : rotary.Local;
        _attention = new AttentionSpec(config.NumAttentionHeads, 1 / MathF.Sqrt(config.HeadSize))
        {
            Bias = new AttentionBias { Reach = global ? 0 : settings.Reach },
        };
        string path = $"{config.Family.Prefix}layers.{index}.";
        int hidden = config.HiddenSize;
        int wide = config.IntermediateSize;

        // The first layer's input has just been normalised by the embeddings.
        _attentionNorm = index == 0 ? null : Norm("attn_norm");
        _queryKeyValue = Slot("attn.Wqkv", LinearRole.QueryKeyValue, hidden, 3 * hidden, settings.AttentionBias);
        _attentionOutput = Slot("attn.Wo", LinearRole.AttentionOutput, hidden, hidden, settings.AttentionBias);
        _mlpNorm = Norm("mlp_norm");
        _intermediate = Slot("mlp.Wi", LinearRole.Intermediate, hidden, 2 * wide, settings.MlpBias);
        _output = Slot("mlp.Wo", LinearRole.Output, wide, hidden, settings.MlpBias);
        Slots = [_queryKeyValue, _attentionOutput, _intermediate, _output];
        Norms = _attentionNorm is null ? [_mlpNorm] : [_attentionNorm, _mlpNorm];

        NormLayer Norm(string name) => reader.Norm(path + name, hidden, config.LayerNormEps, config.HasNormBias);

        LinearSlot Slot(string name, LinearRole role, int from, int to, bool bias) =>
            new(path + name, role, index, reader.Linear(path + name, from, to, bias));
    }

    // How far down the backward pass goes; whatever is trained lies at or above it.
    private enum Depth
    {
        Input,
        AttentionNorm,
        QueryKeyValue,
        AttentionOutput,
        MlpNorm,
        Intermediate,
        Output,
    }

    /// <inheritdoc/>
    public override IReadOnlyList<LinearSlot> Slots { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<NormLayer> Norms { get; }

    /// <inheritdoc/>
    public override LayerMemo CreateMemo() => new Memo();

    /// <inheritdoc/>
    public override void Prepare(bool inputGradient)
    {
        _depth = inputGradient ? Depth.Input
            : _attentionNorm?.IsTrained ?? false ? Depth.AttentionNorm
            : _queryKeyValue.Layer.IsTrained ? Depth.QueryKeyValue
            : _attentionOutput.Layer.IsTrained ? Depth.AttentionOutput
            : _mlpNorm.IsTrained ? Depth.MlpNorm
            : _intermediate.Layer.IsTrained ? Depth.Intermediate
            : Depth.Output;
        _attentionNorm?.Prepare();
        _queryKeyValue.Layer.Prepare(_depth <= Depth.AttentionNorm);
        _attentionOutput.Layer.Prepare(_depth <= Depth.QueryKeyValue);
        _mlpNorm.Prepare();
        _intermediate.Layer.Prepare(_depth <= Depth.MlpNorm);
        _output.Layer.Prepare(_depth <= Depth.Intermediate);
    }

    /// <inheritdoc/>
    public override void Forward(Pass pass, LayerMemo memo, Matrix input, Matrix output)
    {
        var m = (Memo)memo;
        Workspace workspace = pass.Workspace;
        int rows = output.Rows;
        int hidden = _config.HiddenSize;
        m.Input = input;
        m.FirstOnly = rows < pass.Tokens;

        m.Normed = input;
        if (_attentionNorm is not null)
        {
            m.AttentionNormStatistics = m.Keep ? workspace.Rent(pass.Tokens, 2) : default;
            m.Normed = workspace.Rent(pass.Tokens, hidden);
            _attentionNorm.Forward(input, m.Normed, m.AttentionNormStatistics);
        }

        m.QueryKeyValue = workspace.Rent(pass.Tokens, 3 * hidden);                                       // [T, 3C]
        _queryKeyValue.Layer.Forward(pass, m.Normed, m.QueryKeyValue, default, ref m.QueryKeyValueMemo);
        RotaryEmbedding.Apply(m.QueryKeyValue.SliceColumns(0, 2 * hidden), pass.Positions, _rotary, inverse: false);
        m.Query = m.FirstOnly
            ? pass.FirstRows(m.QueryKeyValue.SliceColumns(0, hidden))
            : m.QueryKeyValue.SliceColumns(0, hidden);
        m.Context = workspace.Rent(rows, hidden);
        m.AttentionStatistics = m.Keep ? workspace.Rent(rows, 2 * _config.NumAttentionHeads) : default;
        Attention.Forward(
            m.Query, m.Key, m.Value, m.QueryOffsets(pass), pass.Offsets, _attention, m.Context, m.AttentionStatistics, pass.Team);

        Matrix read = m.FirstOnly ? pass.FirstRows(input) : input;                                       // [rows, C]
        m.Attended = workspace.Rent(rows, hidden);
        _attentionOutput.Layer.Forward(
            pass, m.Context, m.Attended, new Epilogue { Residual = read }, ref m.AttentionOutputMemo);

        m.MlpNormStatistics = m.Keep ? workspace.Rent(rows, 2) : default;
        Matrix normed = workspace.Rent(rows, hidden);
        _mlpNorm.Forward(m.Attended, normed, m.MlpNormStatistics);
        ForwardMlp(pass, m, normed, output);
    }

    /// <inheritdoc/>
    public override Matrix Backward(Pass pass, LayerMemo memo, Matrix grad)
    {
        var m = (Memo)memo;
        Workspace workspace = pass.Workspace;
        Matrix gradInput = m.FirstOnly && _depth == Depth.Input ? workspace.Rent(pass.Tokens, _config.HiddenSize) : grad;
        Workspace.Position mark = workspace.Mark();
        BackwardMlp(pass, m, grad);
        if (_depth <= Depth.AttentionOutput)
        {
            BackwardAttention(pass, m, grad, gradInput);
        }

        workspace.Release(mark);
        return gradInput;
    }

    private void ForwardMlp(Pass pass, Memo m, Matrix normed, Matrix output)
    {
        int wide = _config.IntermediateSize;
        m.Wide = pass.Workspace.Rent(output.Rows, 2 * wide);                                             // [rows, 2F]
        _intermediate.Layer.Forward(pass, normed, m.Wide, default, ref m.IntermediateMemo);
        m.Activated = m.Keep ? pass.Workspace.Rent(output.Rows, wide) : m.Wide.SliceColumns(0, wide);
        Activations.Forward(_config.HiddenAct, m.Wide.SliceColumns(0, wide), m.Activated);
        Matrix gated = m.Keep ? pass.Workspace.Rent(output.Rows, wide) : m.Activated;
        Elementwise.Multiply(m.Activated, m.Wide.SliceColumns(wide, wide), gated);
        _output.Layer.Forward(pass, gated, output, new Epilogue { Residual = m.Attended }, ref m.OutputMemo);
    }

    /// <summary>From the output's gradient to that of the attention part's result: grad += what comes through the feed-forward part.</summary>
    private void BackwardMlp(Pass pass, Memo m, Matrix grad)
    {
        int wide = _config.IntermediateSize;
        Matrix gradGated = _depth <= Depth.Intermediate ? pass.Workspace.Rent(grad.Rows, wide) : default;
        _output.Layer.Backward(pass, m.OutputMemo, grad, gradGated, accumulate: false);
        if (_depth > Depth.Intermediate)
        {
            return;
        }

        Matrix gradWide = pass.Workspace.Rent(grad.Rows, 2 * wide);
        Matrix gradActivated = gradWide.SliceColumns(0, wide);
        Elementwise.Multiply(gradGated, m.Activated, gradWide.SliceColumns(wide, wide));
        Elementwise.Multiply(gradGated, m.Wide.SliceColumns(wide, wide), gradActivated);
        Activations.Backward(_config.HiddenAct, m.Wide.SliceColumns(0, wide), gradActivated, gradActivated);

        Matrix gradNormed = _depth <= Depth.MlpNorm ? pass.Workspace.Rent(grad.Rows, _config.HiddenSize) : default;
        _intermediate.Layer.Backward(pass, m.IntermediateMemo, gradWide, gradNormed, accumulate: false);
        if (_depth <= Depth.MlpNorm)
        {
            _mlpNorm.Backward(pass, gradNormed, m.Attended, m.MlpNormStatistics, gradNormed);
            Elementwise.Add(gradNormed, grad);
        }
    }

    /// <summary>From the gradient of the attention part's result, which is also that of the residual, to the input's.</summary>
    private void BackwardAttention(Pass pass, Memo m, Matrix grad, Matrix gradInput)
    {
        Workspace workspace = pass.Workspace;
        int hidden = _config.HiddenSize;
        Matrix gradContext = _depth <= Depth.QueryKeyValue ? workspace.Rent(grad.Rows, hidden) : default;
        _attentionOutput.Layer.Backward(pass, m.AttentionOutputMemo, grad, gradContext, accumulate: false);
        if (_depth > Depth.QueryKeyValue)
        {
            return;
        }

        Matrix gradAll = workspace.Rent(pass.Tokens, 3 * hidden);
        Matrix gradQuery = gradAll.SliceColumns(0, hidden);
        Matrix gradRead = m.FirstOnly ? workspace.Rent(grad.Rows, hidden) : gradQuery;
        Attention.Backward(
            m.Query, m.Key, m.Value, m.AttentionStatistics, gradContext, m.QueryOffsets(pass), pass.Offsets, _attention,
            gradRead, gradAll.SliceColumns(hidden, hidden), gradAll.SliceColumns(2 * hidden, hidden), pass.Team);
        if (m.FirstOnly)
        {
            gradQuery.Clear();
            RowGather.ScatterAdd(gradRead, pass.FirstTokens, gradQuery);
        }

        RotaryEmbedding.Apply(gradAll.SliceColumns(0, 2 * hidden), pass.Positions, _rotary, inverse: true);
        Matrix gradNormed = _depth <= Depth.AttentionNorm ? workspace.Rent(pass.Tokens, hidden) : default;
        _queryKeyValue.Layer.Backward(pass, m.QueryKeyValueMemo, gradAll, gradNormed, accumulate: false);
        if (_depth > Depth.AttentionNorm)
        {
            return;
        }

        _attentionNorm?.Backward(pass, gradNormed, m.Input, m.AttentionNormStatistics, gradNormed);
        if (m.FirstOnly && _depth == Depth.Input)
        {
            gradNormed.CopyTo(gradInput);
            RowGather.ScatterAdd(grad, pass.FirstTokens, gradInput);
        }
        else if (_depth == Depth.Input)
        {
            Elementwise.Add(gradNormed, gradInput);
        }
    }

    private sealed class Memo : LayerMemo
    {
        public bool FirstOnly;
        public Matrix Input, Normed, AttentionNormStatistics, QueryKeyValue, Query, Context, AttentionStatistics;
        public Matrix Attended, MlpNormStatistics, Wide, Activated;
        public LinearMemo QueryKeyValueMemo, AttentionOutputMemo, IntermediateMemo, OutputMemo;

        public Matrix Key => QueryKeyValue.SliceColumns(QueryKeyValue.Columns / 3, QueryKeyValue.Columns / 3);

        public Matrix Value => QueryKeyValue.SliceColumns(QueryKeyValue.Columns / 3 * 2, QueryKeyValue.Columns / 3);

        public ReadOnlySpan<int> QueryOffsets(Pass pass) => FirstOnly ? pass.SingleOffsets : pass.Offsets;
    }
}
