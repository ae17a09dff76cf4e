using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Optimization;
using Microsoft.ML.Lora.Providers;

namespace Microsoft.ML.Lora.Tests.Providers;

/// <summary>
/// A run of AdamW, in double precision, with all gradients moved by a rounding of their tensor's largest: where it goes and a run with
/// unmoved gradients differ, float32 does not say where a run goes.
/// </summary>
/// <remarks>
/// A gradient is a sum, and in float32 the order of its terms shows. In units of 2⁻²⁴ times the tensor's largest gradient, and beside
/// the same runs in double precision, the first gradients of PEFT's recordings of BERT are off by up to 9 to 19, and torch's in other
/// orders (rows one by one or in reverse, inner dimensions in reverse) by 6 to 31. The least of these is what a course moves them by.
/// That moves an element whose first gradient is as small, for Adam divides it by its own size plus 1e-8, and what depends on it.
/// </remarks>
internal sealed class RoundedCourse
{
    private const double LeastUnits = 6;
    private const double GreatestUnits = 31;
    private const double Unit = 1.0 / (1 << 24);

    private readonly ManagedSession _session;
    private readonly OptimizerSpec _optimizer;
    private readonly int _direction;
    private readonly Dictionary<string, Element[]> _elements;
    private int _steps;

    /// <summary>Begins a run.</summary>
    /// <param name="session">Computes the gradients; courses may share it.</param>
    /// <param name="optimizer">AdamW's settings.</param>
    /// <param name="initial">The trained tensors.</param>
    /// <param name="direction">1 or −1: where the gradients are moved.</param>
    public RoundedCourse(ManagedSession session, OptimizerSpec optimizer, AdapterState initial, int direction)
    {
        (_session, _optimizer, _direction) = (session, optimizer, direction);
        _elements = initial.Tensors.ToDictionary(
            tensor => tensor.Key, tensor => Array.ConvertAll(tensor.Value.Values, value => new Element { Value = value }));
        State = initial.Clone();
    }

    /// <summary>The trained tensors.</summary>
    public AdapterState State { get; }

    /// <summary>What rounding makes of a gradient of nothing, at most: that of the largest gradient among like terms.</summary>
    public static double GreatestRounding(AdapterState gradient, string name) => Rounding(gradient, name, GreatestUnits);

    /// <summary>Takes a step.</summary>
    public void Step(PackedBatch batch, double learningRate)
    {
        _session.Import(State);
        AdapterState gradient = _session.Differentiate(batch).Gradient;
        Dictionary<string, double[]> moved = gradient.Tensors.ToDictionary(tensor => tensor.Key, tensor => Moved(gradient, tensor.Key));
        double norm = Math.Sqrt(moved.Values.Sum(values => values.Sum(value => value * value)));
        double cut = Math.Min(1, _optimizer.MaxGradientNorm / (norm + 1e-6));
        _steps++;
        foreach ((string name, double[] values) in moved)
        {
            double rate = learningRate * (name.EndsWith(PeftKeys.Up, StringComparison.Ordinal) ? _optimizer.LoraPlusRatio : 1);
            Element[] elements = _elements[name];
            for (int i = 0; i < values.Length; i++)
            {
                Step(ref elements[i], cut * values[i], rate);
            }

            State[name] = new AdapterTensor(State[name].Shape, Array.ConvertAll(elements, element => (float)element.Value));
        }
    }

    private static double Rounding(AdapterState gradient, string name, double units) =>
        units * Unit * gradient[name].Values.Max(Math.Abs);

    // A gradient of exactly 0 is no sum: that of a word that no text has, or of A while B is 0.
    private double[] Moved(AdapterState gradient, string name)
    {
        double rounding = _direction * Rounding(gradient, name, LeastUnits);
        return Array.ConvertAll(gradient[name].Values, value => value == 0 ? 0 : value + rounding);
    }

    private void Step(ref Element element, double gradient, double rate)
    {
        (double beta1, double beta2) = (_optimizer.Beta1, _optimizer.Beta2);
        element.Momentum = (beta1 * element.Momentum) + ((1 - beta1) * gradient);
        element.Variance = (beta2 * element.Variance) + ((1 - beta2) * gradient * gradient);
        double length = Math.Sqrt(element.Variance / (1 - Math.Pow(beta2, _steps))) + _optimizer.Epsilon;
        double step = element.Momentum / (1 - Math.Pow(beta1, _steps)) / length;
        element.Value -= rate * ((_optimizer.WeightDecay * element.Value) + step);
    }

    private struct Element
    {
        public double Momentum;
        public double Variance;
        public double Value;
    }
}
