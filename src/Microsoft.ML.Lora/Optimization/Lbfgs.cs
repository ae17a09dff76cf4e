namespace Microsoft.ML.Lora.Optimization;

/// <summary>
/// Minimises a smooth function by limited-memory BFGS (Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 7.5)
/// with a backtracking line search.
/// </summary>
internal static class Lbfgs
{
    private const int Memory = 10;
    private const double SufficientDecrease = 1e-4;

    /// <summary>A function's value at a point; writes its gradient there.</summary>
    public delegate double Function(double[] point, double[] gradient);

    /// <summary>
    /// Moves the point to a minimum and returns the steps that took: at most <paramref name="maxSteps"/>, fewer once no
    /// component of the gradient is beyond <paramref name="tolerance"/>.
    /// </summary>
    public static int Minimise(Function function, double[] point, double tolerance, int maxSteps)
    {
        var gradient = new double[point.Length];
        double value = function(point, gradient);
        LinkedList<(double[] Move, double[] Change)> history = [];
        for (int step = 0; step < maxSteps; step++)
        {
            if (gradient.Max(Math.Abs) <= tolerance)
            {
                return step;
            }
            double[] direction = Direction(gradient, history);
            var nextGradient = new double[point.Length];
            double[]? next = Search(function, point, value, gradient, direction, nextGradient, out value);
            if (next is null)
            {
                return step;
            }
            double[] move = Difference(next, point);
            double[] change = Difference(nextGradient, gradient);
            // Only a pair of positive curvature keeps the approximated Hessian positive definite.
            if (Dot(move, change) > 0)
            {
                history.AddLast((move, change));
            }
            if (history.Count > Memory)
            {
                history.RemoveFirst();
            }
            next.CopyTo(point, 0);
            gradient = nextGradient;
        }
        return maxSteps;
    }

    private static double[] Direction(double[] gradient, LinkedList<(double[] Move, double[] Change)> history)
    {
        double[] direction = [.. gradient.Select(component => -component)];
        if (history.Count == 0)
        {
            return direction;
        }
        Stack<double> factors = [];
        for (var pair = history.Last; pair is not null; pair = pair.Previous)
        {
            double factor = Dot(pair.Value.Move, direction) / Dot(pair.Value.Move, pair.Value.Change);
            factors.Push(factor);
            Add(direction, pair.Value.Change, -factor);
        }
        (double[] move, double[] change) = history.Last!.Value;
        double scale = Dot(move, change) / Dot(change, change);
        for (int i = 0; i < direction.Length; i++)
        {
            direction[i] *= scale;
        }
        foreach ((double[] pastMove, double[] pastChange) in history)
        {
            double factor = Dot(pastChange, direction) / Dot(pastMove, pastChange);
            Add(direction, pastMove, factors.Pop() - factor);
        }
        return direction;
    }

    private static double[]? Search(
        Function function,
        double[] point,
        double value,
        double[] gradient,
        double[] direction,
        double[] nextGradient,
        out double nextValue)
    {
        double slope = Dot(gradient, direction);
        nextValue = value;
        for (double length = 1; length > 1e-12; length /= 2)
        {
            double[] next = [.. point];
            Add(next, direction, length);
            nextValue = function(next, nextGradient);
            if (nextValue <= value + (SufficientDecrease * length * slope))
            {
                return next;
            }
        }
        return null;
    }

    private static double[] Difference(double[] left, double[] right) => [.. left.Zip(right, (l, r) => l - r)];

    private static void Add(double[] target, double[] source, double factor)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] += factor * source[i];
        }
    }

    private static double Dot(double[] left, double[] right)
    {
        double sum = 0;
        for (int i = 0; i < left.Length; i++)
        {
            sum += left[i] * right[i];
        }
        return sum;
    }
}
