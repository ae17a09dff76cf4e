using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Optimization;

/// <summary>
/// Adafactor (Shazeer and Stern 2018): a matrix's mean squares are kept as those of its rows and of its columns, an update is cut to a
/// root mean square of 1, nothing else is remembered. The learning rate is given, not relative to the parameters' size.
/// </summary>
/// <remarks>
/// With R and C the running means of g² over rows and columns, the estimate of element (i, j) is R_i·C_j / mean(R); the running means
/// forget with 1 − t^−0.8 at step t.
/// </remarks>
internal sealed class Adafactor : Optimizer
{
    private const double DecayExponent = -0.8;
    private const double TinySquare = 1e-30;
    private const double LargestUpdate = 1;

    private readonly Dictionary<Parameter, double[]> _rows;
    private readonly Dictionary<Parameter, double[]> _columns;

    /// <summary>An optimiser with nothing remembered.</summary>
    public Adafactor(ParameterSet parameters, OptimizerSpec spec)
        : base(parameters, spec)
    {
        // A vector has no rows to share: its elements are its columns.
        _rows = parameters.All.ToDictionary(parameter => parameter, parameter => new double[parameter.Rows]);
        _columns = parameters.All.ToDictionary(parameter => parameter, parameter => new double[parameter.Columns]);
    }

    /// <inheritdoc/>
    protected override IEnumerable<OptimizerMemory> Memory() =>
        PartsOf(_rows, "rows").Concat(PartsOf(_columns, "columns"));

    /// <inheritdoc/>
    protected override void Update(
        Parameter parameter, Matrix gradient, float gradientScale, float learningRate, float decay)
    {
        double[] rows = _rows[parameter];
        double[] columns = _columns[parameter];
        Remember(gradient, gradientScale, rows, columns);
        double rowMean = Math.Max(rows.Average(), TinySquare);
        double squares = 0;
        for (int i = 0; i < gradient.Rows; i++)
        {
            Span<float> row = gradient[i];
            for (int j = 0; j < row.Length; j++)
            {
                double estimate = parameter.Rows == 1 ? columns[j] : rows[i] / rowMean * columns[j];
                double update = row[j] * gradientScale / Math.Sqrt(Math.Max(estimate, TinySquare));
                squares += update * update;
                row[j] = (float)update;
            }
        }

        double size = Math.Sqrt(squares / parameter.Count);
        double rate = learningRate / Math.Max(1, size / LargestUpdate);
        Span<float> values = parameter.Value.Span;
        ReadOnlySpan<float> updates = gradient.Span;
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)((values[i] * (1 - ((double)learningRate * decay))) - (rate * updates[i]));
        }
    }

    private static IEnumerable<OptimizerMemory> PartsOf(Dictionary<Parameter, double[]> squares, string name) =>
        squares.Select(pair => OptimizerMemory.Of($"{name}/{pair.Key.Name}", pair.Value));

    private void Remember(Matrix gradient, float scale, double[] rows, double[] columns)
    {
        double forget = 1 - Math.Pow(Steps, DecayExponent);
        for (int i = 0; i < rows.Length; i++)
        {
            rows[i] *= forget;
        }

        for (int j = 0; j < columns.Length; j++)
        {
            columns[j] *= forget;
        }

        for (int i = 0; i < gradient.Rows; i++)
        {
            ReadOnlySpan<float> row = gradient[i];
            for (int j = 0; j < row.Length; j++)
            {
                double square = ((double)row[j] * scale * row[j] * scale) + TinySquare;
                rows[i] += (1 - forget) * square / columns.Length;
                columns[j] += (1 - forget) * square / rows.Length;
            }
        }
    }
}
