using MathNet.Numerics.LinearAlgebra;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Adapters;

public class UpdatePenaltyTests
{
    private const int Rank = 3;
    private const int In = 7;
    private const int Out = 5;

    [Fact]
    public void TheUpdatesNormIsThatOfItsProduct()
    {
        using var parameters = new ParameterSet();
        LoraLinear layer = Layer(parameters);
        double expected = 0.25 * 0.5 * Math.Pow(layer.Scaling * Product(layer).FrobeniusNorm(), 2);
        Assert.Equal(expected, Penalty(layer, parameters, PenaltyKind.Update, 0.25f), 1e-5 * expected);
    }

    [Fact]
    public void BalancedFactorsCostTheNuclearNorm()
    {
        using var parameters = new ParameterSet();
        LoraLinear layer = Layer(parameters);
        Matrix<double> product = Product(layer);
        double nuclear = layer.Scaling * product.Svd().S.Sum();
        Assert.True(Penalty(layer, parameters, PenaltyKind.NuclearNorm, 1) > nuclear);

        var svd = product.Svd();
        for (int r = 0; r < Rank; r++)
        {
            double root = Math.Sqrt(svd.S[r]);
            for (int i = 0; i < Out; i++)
            {
                layer.B.Value[i][r] = (float)(svd.U[i, r] * root);
            }

            for (int j = 0; j < In; j++)
            {
                layer.A.Value[r][j] = (float)(svd.VT[r, j] * root);
            }
        }

        Assert.Equal(nuclear, Penalty(layer, parameters, PenaltyKind.NuclearNorm, 1), 1e-5 * nuclear);
    }

    [Fact]
    public void NoneCostsNothingAndChangesNothing()
    {
        using var parameters = new ParameterSet();
        LoraLinear layer = Layer(parameters);
        using AlignedBuffer gradients = parameters.CreateBuffer();
        Assert.Equal(0, new UpdatePenalty([layer], default).AddGradient(gradients));
        Assert.All(gradients.Span.ToArray(), value => Assert.Equal(0, value));
    }

    private static LoraLinear Layer(ParameterSet parameters)
    {
        var layer = new LoraLinear(TestLayers.Random("layer", In, Out), Rank, scaling: 2, dropout: 0, stream: 0, parameters);
        new RandomStream(1, "A").FillNormal(layer.A.Value.Span, 1);
        new RandomStream(1, "B").FillNormal(layer.B.Value.Span, 1);
        return layer;
    }

    private static double Penalty(LoraLinear layer, ParameterSet parameters, PenaltyKind kind, float strength)
    {
        using AlignedBuffer gradients = parameters.CreateBuffer();
        return new UpdatePenalty([layer], new PenaltySpec(kind, strength)).AddGradient(gradients);
    }

    private static Matrix<double> Product(LoraLinear layer) =>
        Matrix<double>.Build.Dense(Out, Rank, (i, r) => layer.B.Value[i][r]) *
        Matrix<double>.Build.Dense(Rank, In, (r, j) => layer.A.Value[r][j]);
}
