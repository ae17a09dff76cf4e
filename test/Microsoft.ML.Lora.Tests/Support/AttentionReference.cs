using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>Attention and its gradients in plain double loops.</summary>
internal sealed class AttentionReference
{
    private readonly Matrix _q;
    private readonly Matrix _k;
    private readonly Matrix _v;
    private readonly Matrix _g;
    private readonly AttentionSpec _spec;
    private readonly int _size;

    public AttentionReference(Matrix q, Matrix k, Matrix v, Matrix gradContext, AttentionSpec spec)
    {
        (_q, _k, _v, _g, _spec, _size) = (q, k, v, gradContext, spec, q.Columns / spec.Heads);
        Context = new double[q.Rows, q.Columns];
        GradQ = new double[q.Rows, q.Columns];
        GradK = new double[k.Rows, k.Columns];
        GradV = new double[k.Rows, k.Columns];
    }

    public double[,] Context { get; }

    public double[,] GradQ { get; }

    public double[,] GradK { get; }

    public double[,] GradV { get; }

    /// <summary>One sequence.</summary>
    public void Add(int firstQuery, int lastQuery, int firstKey, int lastKey)
    {
        for (var i = firstQuery; i < lastQuery; i++)
        {
            for (var head = 0; head < _spec.Heads; head++)
            {
                AddRow(i, i - firstQuery, firstKey, lastKey, head);
            }
        }
    }

    private void AddRow(int i, int place, int firstKey, int lastKey, int head)
    {
        var scores = Enumerable.Range(firstKey, lastKey - firstKey).Select(j => Score(i, place, j, firstKey, head)).ToArray();
        var greatest = scores.DefaultIfEmpty().Max();
        var exponentials = scores.Select(s => Math.Exp(s - greatest)).ToArray();
        var p = exponentials.Select(e => e / exponentials.Sum()).ToArray();
        var keep = scores.Select((_, j) => (double)Keep(i, head, j)).ToArray();
        var gradP = scores.Select((_, j) => keep[j] * Dot(_g, i, _v, firstKey + j, head)).ToArray();
        var inner = p.Zip(gradP, (a, b) => a * b).Sum();
        for (var j = 0; j < p.Length; j++)
        {
            var gradScore = p[j] * (gradP[j] - inner) * _spec.Scale;
            for (var d = head * _size; d < (head + 1) * _size; d++)
            {
                Context[i, d] += p[j] * keep[j] * _v[firstKey + j][d];
                GradQ[i, d] += gradScore * _k[firstKey + j][d];
                GradK[firstKey + j, d] += gradScore * _q[i][d];
                GradV[firstKey + j, d] += p[j] * keep[j] * _g[i][d];
            }
        }
    }

    private float Keep(int i, int head, int place)
    {
        var mask = _spec.Dropout;
        var row = ((mask.FirstRow + i) * _spec.Heads) + head;
        return mask.Factor(row - mask.FirstRow, place);
    }

    private double Score(int i, int place, int j, int firstKey, int head)
    {
        var distance = j - firstKey - place;
        if (_spec.Bias.Reach > 0 && Math.Abs(distance) > _spec.Bias.Reach)
        {
            return double.NegativeInfinity;
        }

        var relative = _spec.Bias.Relative;
        var bias = relative.IsEmpty ? 0 : relative[head][(relative.Columns / 2) + distance];
        return (_spec.Scale * Dot(_q, i, _k, j, head)) + bias;
    }

    private double Dot(Matrix a, int i, Matrix b, int j, int head)
    {
        var sum = 0.0;
        for (var d = head * _size; d < (head + 1) * _size; d++)
        {
            sum += (double)a[i][d] * b[j][d];
        }

        return sum;
    }
}
