using System.Runtime.CompilerServices;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>The rows of <see cref="LayerNorm.Backward"/>.</summary>
internal unsafe struct LayerNormBackward : ISimdKernel
{
    public Matrix GradY;
    public Matrix X;
    public Matrix Statistics;
    public float* Gamma;
    public Matrix GradX;
    public float* GradGamma;
    public float* GradBeta;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<S, V>()
        where S : struct, ISimd<V>
        where V : struct
    {
        for (var row = 0; row < X.Rows; row++)
        {
            var x = X.RowPointer(row);
            var gradY = GradY.RowPointer(row);
            var mean = Statistics.RowPointer(row)[0];
            var inverse = Statistics.RowPointer(row)[1];
            AddParameterGradients<S, V>(x, gradY, mean, inverse);
            var (sum, product) = Sums<S, V>(x, gradY, mean, inverse);
            Write<S, V>(x, gradY, mean, inverse, sum / X.Columns, product / X.Columns, GradX.RowPointer(row));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly (float Sum, float Product) Sums<S, V>(float* x, float* gradY, float mean, float inverse)
        where S : struct, ISimd<V>
        where V : struct
    {
        V sums = default, products = default;
        var center = S.Create(mean);
        var c = 0;
        for (; c + S.Count <= X.Columns; c += S.Count)
        {
            var g = S.Multiply(S.Load(gradY + c), S.Load(Gamma + c));
            sums = S.Add(sums, g);
            products = S.MultiplyAdd(g, S.Subtract(S.Load(x + c), center), products);
        }

        var (sum, product) = (S.Sum(sums), S.Sum(products));
        for (; c < X.Columns; c++)
        {
            var g = gradY[c] * Gamma[c];
            sum += g;
            product += g * (x[c] - mean);
        }

        return (sum, product * inverse);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void Write<S, V>(
        float* x, float* gradY, float mean, float inverse, float meanGradient, float meanProduct, float* gradX)
        where S : struct, ISimd<V>
        where V : struct
    {
        // inverse · (g − meanGradient − (x − mean) · inverse · meanProduct)
        var center = S.Create(mean);
        var slope = S.Create(-inverse * meanProduct);
        var c = 0;
        for (; c + S.Count <= X.Columns; c += S.Count)
        {
            var g = S.MultiplyAdd(S.Load(gradY + c), S.Load(Gamma + c), S.Create(-meanGradient));
            g = S.MultiplyAdd(S.Subtract(S.Load(x + c), center), slope, g);
            S.Store(gradX + c, S.Multiply(g, S.Create(inverse)));
        }

        for (; c < X.Columns; c++)
        {
            var normal = (x[c] - mean) * inverse;
            gradX[c] = inverse * ((gradY[c] * Gamma[c]) - meanGradient - (normal * meanProduct));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly void AddParameterGradients<S, V>(float* x, float* gradY, float mean, float inverse)
        where S : struct, ISimd<V>
        where V : struct
    {
        for (var c = 0; GradBeta != null && c < X.Columns; c++)
        {
            GradBeta[c] += gradY[c];
        }

        for (var c = 0; GradGamma != null && c < X.Columns; c++)
        {
            GradGamma[c] += gradY[c] * (x[c] - mean) * inverse;
        }
    }
}
