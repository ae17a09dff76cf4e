using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Makes confusion matrices of counts.</summary>
internal static class ConfusionCounts
{
    /// <summary>The matrix of counts by actual class then predicted class.</summary>
    public static ConfusionMatrix ToMatrix(IHost host, double[][] counts, IEnumerable<string> names, bool isBinary)
    {
        int[] classes = [.. Enumerable.Range(0, counts.Length)];
        double[] precision = [.. classes.Select(i => Share(counts[i][i], counts.Sum(row => row[i])))];
        double[] recall = [.. classes.Select(i => Share(counts[i][i], counts[i].Sum()))];
        return new ConfusionMatrix(
            host, precision, recall, counts, [.. names.Select(name => name.AsMemory())], isSampled: false, isBinary);
    }

    private static double Share(double part, double whole) => whole > 0 ? part / whole : 0;
}
