using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Layers;

/// <summary>A layer norm of the base; its factors and its bias may be trained.</summary>
internal sealed class NormLayer : IDisposable
{
    private readonly string _name;
    private readonly float _eps;
    private readonly AlignedBuffer _gamma;
    private readonly AlignedBuffer? _beta;
    private Parameter? _gammaParameter;
    private Parameter? _betaParameter;

    /// <summary>A norm over rows of <paramref name="gamma"/>'s length.</summary>
    /// <param name="name">The module path.</param>
    /// <param name="gamma">Factors.</param>
    /// <param name="beta">Summands, or null.</param>
    /// <param name="eps">What is added to the variance.</param>
    public NormLayer(string name, float[] gamma, float[]? beta, float eps)
    {
        _name = name;
        _eps = eps;
        _gamma = new AlignedBuffer(gamma.Length);
        gamma.CopyTo(_gamma.Span);
        if (beta is not null)
        {
            _beta = new AlignedBuffer(beta.Length);
            beta.CopyTo(_beta.Span);
        }
    }

    /// <summary>A norm that does no more than to normalise, as a new one starts.</summary>
    public static NormLayer New(string name, int width, float eps, bool bias)
    {
        var ones = new float[width];
        Array.Fill(ones, 1);
        return new NormLayer(name, ones, bias ? new float[width] : null, eps);
    }

    /// <summary>The module path.</summary>
    public string Name => _name;

    /// <summary>The bias [1, C]; default where there is none.</summary>
    public Matrix Bias => Beta;

    /// <summary>Whether anything in it is trained.</summary>
    public bool IsTrained => _gammaParameter is not null || _betaParameter is not null;

    /// <summary>Number of its numbers that are not trained.</summary>
    public long FrozenCount =>
        (_gammaParameter is null ? _gamma.Length : 0) + (_betaParameter is null ? _beta?.Length ?? 0 : 0);

    private Matrix Gamma => _gammaParameter?.Value ?? Row(_gamma);

    private Matrix Beta => _betaParameter?.Value ?? (_beta is null ? default : Row(_beta));

    /// <summary>Has the bias trained, where there is one, and the factors when asked.</summary>
    public void Train(ParameterSet parameters, bool factors)
    {
        if (factors)
        {
            _gammaParameter = parameters.Add(_name + ".weight", ParameterRole.NormWeight, (int)_gamma.Length);
        }

        if (_beta is not null)
        {
            _betaParameter = parameters.Add(_name + ".bias", ParameterRole.Bias, (int)_beta.Length);
        }
    }

    /// <summary>Gives what is trained its start.</summary>
    public void Prepare()
    {
        if (_gammaParameter is not null)
        {
            _gamma.Span.CopyTo(_gammaParameter.Value.Span);
        }

        if (_betaParameter is not null)
        {
            _beta!.Span.CopyTo(_betaParameter.Value.Span);
        }
    }

    /// <summary>output = the normalised input.</summary>
    /// <param name="input">[M, C].</param>
    /// <param name="output">[M, C]; may be the input when there is no backward pass.</param>
    /// <param name="statistics">[M, 2] for the backward pass, or default.</param>
    public void Forward(Matrix input, Matrix output, Matrix statistics) =>
        LayerNorm.Forward(input, Gamma, Beta, _eps, output, statistics);

    /// <summary>Adds the gradients of what is trained, and gives the input's.</summary>
    /// <param name="pass">The shard's pass.</param>
    /// <param name="gradOutput">[M, C].</param>
    /// <param name="input">The forward pass's input.</param>
    /// <param name="statistics">What the forward pass kept.</param>
    /// <param name="gradInput">[M, C]; may be <paramref name="gradOutput"/>.</param>
    public void Backward(Pass pass, Matrix gradOutput, Matrix input, Matrix statistics, Matrix gradInput) =>
        LayerNorm.Backward(
            gradOutput, input, statistics, Gamma, gradInput, GradientOf(_gammaParameter, pass), GradientOf(_betaParameter, pass));

    /// <inheritdoc/>
    public void Dispose()
    {
        _gamma.Dispose();
        _beta?.Dispose();
    }

    private static Matrix Row(AlignedBuffer buffer) => buffer.AsMatrix(1, (int)buffer.Length);

    private static Matrix GradientOf(Parameter? parameter, Pass pass) => parameter?.In(pass.Gradients!) ?? default;
}
