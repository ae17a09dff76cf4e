using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Optimization;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Optimization;

/// <summary>Each optimiser against its formula in double precision, and on a bowl it has to roll down.</summary>
public class OptimizerTests
{
    private const int Rows = 3;
    private const int Columns = 5;
    private const float Rate = 0.05f;
    private const float Scale = 0.5f;

    [Theory]
    [InlineData("AdamW")]
    [InlineData("Adam")]
    [InlineData("Sgd")]
    [InlineData("Adafactor")]
    public void StepsAreThoseOfTheFormula(string kind)
    {
        var spec = new OptimizerSpec { Kind = Enum.Parse<OptimizerKind>(kind), WeightDecay = 0.1f, Momentum = 0.8f };
        using var parameters = new ParameterSet();
        Parameter matrix = parameters.Add("weight", ParameterRole.Weight, Rows, Columns);
        using Optimizer optimizer = Optimizer.Create(parameters, spec);
        using AlignedBuffer gradients = parameters.CreateBuffer();
        new RandomStream(1, "values").FillNormal(matrix.Value.Span, 1);
        double[] expected = [.. matrix.Value.Span.ToArray().Select(value => (double)value)];
        var reference = new Reference(spec);
        for (int step = 1; step <= 6; step++)
        {
            var gradient = new float[expected.Length];
            new RandomStream(2, "gradient").Fork(step).FillNormal(gradient, 2);
            gradient.CopyTo(matrix.In(gradients).Span);
            optimizer.Step(gradients, Scale, Rate);
            reference.Step(step, expected, [.. gradient.Select(g => (double)g * Scale)]);
        }

        Assert.InRange(
            GoldenJson.MaxDifference([.. expected.Select(value => (float)value)], matrix.Value.Span), 0, 2e-6);
    }

    [Theory]
    [InlineData("AdamW", 0.1f)]
    [InlineData("Adam", 0.1f)]
    [InlineData("Sgd", 0.05f)]
    [InlineData("Adafactor", 0.1f)]
    public void TheBottomOfABowlIsFound(string kind, float rate)
    {
        var spec = new OptimizerSpec { Kind = Enum.Parse<OptimizerKind>(kind), WeightDecay = 0 };
        using var parameters = new ParameterSet();
        Parameter matrix = parameters.Add("weight", ParameterRole.Weight, 2, 3);
        Parameter vector = parameters.Add("bias", ParameterRole.Bias, 4);
        using Optimizer optimizer = Optimizer.Create(parameters, spec);
        using AlignedBuffer gradients = parameters.CreateBuffer();
        matrix.Value.Span.Fill(3);
        vector.Value.Span.Fill(-3);
        var schedule = new LearningRateSchedule(ScheduleShape.Linear, TotalSteps: 200, WarmupSteps: 0);
        for (int step = 0; step < 200; step++)
        {
            parameters.Values.Span.CopyTo(gradients.Span);
            optimizer.Step(gradients, 1, rate * schedule.Factor(step));
        }

        Assert.All(parameters.Values.Span.ToArray(), value => Assert.InRange(value, -0.05f, 0.05f));
    }

    [Fact]
    public void TheAverageIsTheMeanOfTheWeightsTakenIntoItAndOutlivesASave()
    {
        using var parameters = new ParameterSet();
        Parameter weight = parameters.Add("weight", ParameterRole.Weight, 1, 3);
        float[][] steps = [[1, -2, 0.5f], [4, 0, 0.25f], [-2, 5, 0.75f]];
        using Optimizer first = Optimizer.Create(parameters, new OptimizerSpec());
        using Optimizer second = Optimizer.Create(parameters, new OptimizerSpec());
        first.TakeAverage();
        Assert.Equal(new float[3], weight.Value.Span.ToArray());
        foreach (float[] values in steps.Take(2))
        {
            values.CopyTo(weight.Value.Span);
            first.AverageWeights();
        }
        second.Restore(first.Save());
        steps[2].CopyTo(weight.Value.Span);
        second.AverageWeights();
        second.TakeAverage();

        float[] mean = [.. Enumerable.Range(0, 3).Select(i => steps.Average(values => values[i]))];
        Assert.InRange(GoldenJson.MaxDifference(mean, weight.Value.Span), 0, 1e-6);
    }

    [Fact]
    public void VectorsDecayOnlyWhenAskedAndBHasARateOfItsOwn()
    {
        using var parameters = new ParameterSet();
        Parameter bias = parameters.Add("bias", ParameterRole.Bias, 2);
        Parameter a = parameters.Add("a", ParameterRole.LoraA, 1, 2);
        Parameter b = parameters.Add("b", ParameterRole.LoraB, 1, 2);
        using AlignedBuffer gradients = parameters.CreateBuffer();
        parameters.Values.Span.Fill(1);
        using Optimizer optimizer = Optimizer.Create(parameters, new OptimizerSpec { WeightDecay = 0.5f, LoraPlusRatio = 4 });
        optimizer.Step(gradients, 1, 0.1f);
        Assert.Equal([1, 0.95f, 0.8f], new[] { bias, a, b }.Select(parameter => parameter.Value.Span[0]));
    }

    /// <summary>The formulas as papers and PyTorch write them.</summary>
    private sealed class Reference(OptimizerSpec spec)
    {
        private readonly double[] _first = new double[Rows * Columns];
        private readonly double[] _second = new double[Rows * Columns];
        private readonly double[] _rowSquares = new double[Rows];
        private readonly double[] _columnSquares = new double[Columns];

        public void Step(int step, double[] p, double[] g)
        {
            switch (spec.Kind)
            {
                case OptimizerKind.Sgd:
                    ForEach(i => _first[i] = (spec.Momentum * _first[i]) + g[i] + (spec.WeightDecay * p[i]));
                    ForEach(i => p[i] -= Rate * _first[i]);
                    break;
                case OptimizerKind.Adafactor:
                    Adafactor(step, p, g);
                    break;
                case OptimizerKind.Adam:
                    Adam(step, p, [.. g.Select((value, i) => value + (spec.WeightDecay * p[i]))]);
                    break;
                default:
                    ForEach(i => p[i] *= 1 - (Rate * spec.WeightDecay));
                    Adam(step, p, g);
                    break;
            }
        }

        private static void ForEach(Action<int> action)
        {
            for (int i = 0; i < Rows * Columns; i++)
            {
                action(i);
            }
        }

        private void Adam(int step, double[] p, double[] g) => ForEach(i =>
        {
            _first[i] = (spec.Beta1 * _first[i]) + ((1 - (double)spec.Beta1) * g[i]);
            _second[i] = (spec.Beta2 * _second[i]) + ((1 - (double)spec.Beta2) * g[i] * g[i]);
            double mean = _first[i] / (1 - Math.Pow(spec.Beta1, step));
            double square = _second[i] / (1 - Math.Pow(spec.Beta2, step));
            p[i] -= Rate * mean / (Math.Sqrt(square) + spec.Epsilon);
        });

        private void Adafactor(int step, double[] p, double[] g)
        {
            double keep = 1 - Math.Pow(step, -0.8);
            for (int i = 0; i < Rows; i++)
            {
                _rowSquares[i] = (keep * _rowSquares[i]) +
                    ((1 - keep) * Enumerable.Range(0, Columns).Average(j => g[(i * Columns) + j] * g[(i * Columns) + j]));
            }

            for (int j = 0; j < Columns; j++)
            {
                _columnSquares[j] = (keep * _columnSquares[j]) +
                    ((1 - keep) * Enumerable.Range(0, Rows).Average(i => g[(i * Columns) + j] * g[(i * Columns) + j]));
            }

            double[] update = [.. g.Select((value, k) =>
                value / Math.Sqrt(_rowSquares[k / Columns] * _columnSquares[k % Columns] / _rowSquares.Average()))];
            double size = Math.Sqrt(update.Average(value => value * value));
            ForEach(i => p[i] = (p[i] * (1 - (Rate * spec.WeightDecay))) - (Rate * update[i] / Math.Max(1, size)));
        }
    }
}
