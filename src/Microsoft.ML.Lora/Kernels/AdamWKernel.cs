using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>One AdamW update of a run of parameters.</summary>
/// <remarks>
/// Loshchilov, Hutter: Decoupled weight decay regularization (2019), in PyTorch's order: p −= lr · decay · p;
/// m = β1·m + (1 − β1)·g; v = β2·v + (1 − β2)·g²; p −= lr · (m / (1 − β1ᵗ)) / (√(v / (1 − β2ᵗ)) + eps).
/// </remarks>
internal static unsafe class AdamWKernel
{
    /// <summary>Updates parameters and both moments in place.</summary>
    /// <param name="parameters">p.</param>
    /// <param name="gradient">g before <paramref name="gradientScale"/>.</param>
    /// <param name="firstMoment">m.</param>
    /// <param name="secondMoment">v.</param>
    /// <param name="gradientScale">Multiplies the gradient: clipping, averaging.</param>
    /// <param name="update">Rates of this step.</param>
    public static void Step(
        Span<float> parameters, ReadOnlySpan<float> gradient, Span<float> firstMoment, Span<float> secondMoment,
        float gradientScale, in AdamWUpdate update)
    {
        if (gradient.Length != parameters.Length || firstMoment.Length != parameters.Length
            || secondMoment.Length != parameters.Length)
        {
            throw new ArgumentException("Parameters, gradient and moments differ in length.");
        }

        fixed (float* p = parameters, g = gradient, m = firstMoment, v = secondMoment)
        {
            var kernel = new Kernel
            {
                Count = parameters.Length,
                Parameters = p,
                Gradient = g,
                FirstMoment = m,
                SecondMoment = v,
                GradientScale = gradientScale,
                Update = update,
            };
            using var timing = KernelProfile.Measure(
                KernelKind.Optimizer, 0, 7 * sizeof(float) * (double)parameters.Length);
            KernelSelector.Run(ref kernel);
        }
    }

    private struct Kernel : ISimdKernel
    {
        public int Count;
        public float* Parameters;
        public float* Gradient;
        public float* FirstMoment;
        public float* SecondMoment;
        public float GradientScale;
        public AdamWUpdate Update;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<S, V>()
            where S : struct, ISimd<V>
            where V : struct
        {
            var i = 0;
            for (; i + S.Count <= Count; i += S.Count)
            {
                Step<S, V>(i);
            }

            for (; i < Count; i++)
            {
                Step<SimdScalar, float>(i);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly void Step<S, V>(int i)
            where S : struct, ISimd<V>
            where V : struct
        {
            var g = S.Multiply(S.Load(Gradient + i), S.Create(GradientScale));
            var m = S.Multiply(g, S.Create(1 - Update.Beta1));
            m = S.MultiplyAdd(S.Load(FirstMoment + i), S.Create(Update.Beta1), m);
            var v = S.Multiply(S.Multiply(g, g), S.Create(1 - Update.Beta2));
            v = S.MultiplyAdd(S.Load(SecondMoment + i), S.Create(Update.Beta2), v);
            S.Store(FirstMoment + i, m);
            S.Store(SecondMoment + i, v);
            var root = S.MultiplyAdd(S.Sqrt(v), S.Create(Update.InverseRootCorrection2), S.Create(Update.Epsilon));
            var step = S.Divide(S.Multiply(m, S.Create(Update.StepSize)), root);
            var kept = S.Create(1 - (Update.LearningRate * Update.WeightDecay));
            S.Store(Parameters + i, S.Subtract(S.Multiply(S.Load(Parameters + i), kept), step));
        }
    }
}

/// <summary>The rates of one AdamW step, bias corrections included.</summary>
internal readonly record struct AdamWUpdate
{
    /// <summary>Rates of step <paramref name="step"/>, counted from 1.</summary>
    public AdamWUpdate(
        float learningRate, float weightDecay, int step, float beta1 = 0.9f, float beta2 = 0.999f, float epsilon = 1e-8f)
    {
        LearningRate = learningRate;
        WeightDecay = weightDecay;
        Beta1 = beta1;
        Beta2 = beta2;
        Epsilon = epsilon;
        StepSize = (float)(learningRate / (1 - Math.Pow(beta1, step)));
        InverseRootCorrection2 = (float)(1 / Math.Sqrt(1 - Math.Pow(beta2, step)));
    }

    public float LearningRate { get; }

    public float WeightDecay { get; }

    public float Beta1 { get; }

    public float Beta2 { get; }

    public float Epsilon { get; }

    /// <summary>Learning rate ÷ (1 − β1ᵗ).</summary>
    public float StepSize { get; }

    /// <summary>1 ÷ √(1 − β2ᵗ).</summary>
    public float InverseRootCorrection2 { get; }
}
