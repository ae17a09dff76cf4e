using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Element-wise activations and their gradients, both from the pre-activation.</summary>
internal static unsafe class Activations
{
    /// <summary>y = activation(x); y may be x.</summary>
    public static void Forward(Activation activation, Matrix x, Matrix y)
    {
        for (var row = 0; row < x.Rows; row++)
        {
            for (var c = 0; c < x.Columns; c++)
            {
                y.RowPointer(row)[c] = Value(activation, x.RowPointer(row)[c]);
            }
        }
    }

    /// <summary>gradX = gradY · activation′(x); gradX may be gradY or x.</summary>
    public static void Backward(Activation activation, Matrix x, Matrix gradY, Matrix gradX)
    {
        for (var row = 0; row < x.Rows; row++)
        {
            for (var c = 0; c < x.Columns; c++)
            {
                gradX.RowPointer(row)[c] = gradY.RowPointer(row)[c] * Derivative(activation, x.RowPointer(row)[c]);
            }
        }
    }

    internal static float Value(Activation activation, float x) => activation switch
    {
        Activation.Gelu => (float)(x * 0.5 * (1 + VectorMath.Erf(x / Math.Sqrt(2)))),
        Activation.GeluTanh => (float)(0.5 * x * (1 + Math.Tanh(Inner(x)))),
        Activation.Relu => x > 0 ? x : 0,
        Activation.Silu => x / (1 + MathF.Exp(-x)),
        Activation.Tanh => MathF.Tanh(x),
        _ => x,
    };

    private static double Inner(double x) => Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x));

    private static float Derivative(Activation activation, float x)
    {
        switch (activation)
        {
            case Activation.Gelu:
                return (float)((0.5 * (1 + VectorMath.Erf(x / Math.Sqrt(2))))
                    + (x * Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI)));
            case Activation.GeluTanh:
                var t = Math.Tanh(Inner(x));
                return (float)((0.5 * (1 + t))
                    + (0.5 * x * (1 - (t * t)) * Math.Sqrt(2 / Math.PI) * (1 + (3 * 0.044715 * x * x))));
            case Activation.Relu:
                return x > 0 ? 1 : 0;
            case Activation.Silu:
                var s = 1 / (1 + MathF.Exp(-x));
                return s * (1 + (x * (1 - s)));
            case Activation.Tanh:
                var h = MathF.Tanh(x);
                return 1 - (h * h);
            default:
                return 1;
        }
    }
}
