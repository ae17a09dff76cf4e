using System.Globalization;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>How often each class is predicted for rows of each class.</summary>
public sealed class ConfusionMatrix
{
    private const int FewClasses = 2;
    private const int WideColumn = 8;
    private const int NarrowColumn = 5;

    internal readonly bool IsBinary;

    internal readonly bool IsSampled;

    internal IReadOnlyList<ReadOnlyMemory<char>> PredictedClassesIndicators;

    private readonly IHost _host;
    private readonly string[] _names;

    /// <param name="host">Marks the exceptions.</param>
    /// <param name="precision">The precision of each class.</param>
    /// <param name="recall">The recall of each class.</param>
    /// <param name="confusionTableCounts">Counts, by actual class then predicted class.</param>
    /// <param name="labelNames">The names of the classes.</param>
    /// <param name="isSampled">Whether only the most frequent of many classes are there.</param>
    /// <param name="isBinary">Whether the first class is the positive one of two.</param>
    internal ConfusionMatrix(
        IHost host,
        double[] precision,
        double[] recall,
        double[][] confusionTableCounts,
        List<ReadOnlyMemory<char>> labelNames,
        bool isSampled,
        bool isBinary)
    {
        _host = host;
        _names = [.. labelNames.Select(name => name.ToString())];
        IsSampled = isSampled;
        IsBinary = isBinary;
        PerClassPrecision = precision;
        PerClassRecall = recall;
        Counts = confusionTableCounts;
        PredictedClassesIndicators = labelNames;
    }

    public int NumberOfClasses => Counts.Count;

    /// <summary>The share of rows predicted to be of each class that is of it.</summary>
    public IReadOnlyList<double> PerClassPrecision { get; }

    /// <summary>The share of the rows of each class that is predicted to be of it.</summary>
    public IReadOnlyList<double> PerClassRecall { get; }

    /// <summary>Counts, by actual class then predicted class.</summary>
    public IReadOnlyList<IReadOnlyList<double>> Counts { get; }

    /// <summary>How often a class is predicted for rows of another.</summary>
    /// <param name="predictedClassIndicatorIndex">The predicted class, from 0.</param>
    /// <param name="actualClassIndicatorIndex">The actual class, from 0.</param>
    public double GetCountForClassPair(int predictedClassIndicatorIndex, int actualClassIndicatorIndex)
    {
        CheckClass(predictedClassIndicatorIndex, nameof(predictedClassIndicatorIndex));
        CheckClass(actualClassIndicatorIndex, nameof(actualClassIndicatorIndex));
        return Counts[actualClassIndicatorIndex][predictedClassIndicatorIndex];
    }

    /// <summary>The counts as a table for people.</summary>
    public string GetFormattedConfusionTable()
    {
        var text = new StringBuilder();
        if (IsBinary)
        {
            double positive = Counts[0].Sum();
            double negative = Counts[1].Sum();
            text.Append(CultureInfo.InvariantCulture, $"TEST POSITIVE RATIO:\t{positive / (positive + negative):N4} ");
            text.Append(CultureInfo.InvariantCulture, $"({positive:F1}/({positive:F1}+{negative:F1}))");
        }

        text.Append("\nConfusion table\n");
        AppendTable(text);
        return text.ToString();
    }

    private void CheckClass(int index, string name)
    {
        _host.CheckParam(
            index >= 0 && index < NumberOfClasses,
            name,
            "Invalid index. Should be non-negative, less than the number of classes.");
    }

    private void AppendTable(StringBuilder text)
    {
        int width = NumberOfClasses <= FewClasses ? WideColumn : NarrowColumn;
        (string[] columns, string[] rows) = Captions(width);
        int head = Math.Max("PREDICTED".Length, rows.Max(row => row.Length));
        string rule = "||" + new string('=', NumberOfClasses * (width + 3)) + "\n";
        text.Append(' ', head + 1).Append(rule);
        text.Append("PREDICTED".PadRight(head)).Append(" ||");
        foreach (string column in columns)
        {
            text.Append(' ').Append(column.PadLeft(width)).Append(" |");
        }

        text.Append(" Recall\n").Append("TRUTH".PadRight(head)).Append(' ').Append(rule);
        for (int i = 0; i < NumberOfClasses; i++)
        {
            text.Append(rows[i].PadLeft(head)).Append(" ||");
            foreach (double count in Counts[i])
            {
                text.Append(' ').Append(count.ToString("N0", CultureInfo.InvariantCulture).PadLeft(width)).Append(" |");
            }

            text.Append(CultureInfo.InvariantCulture, $" {PerClassRecall[i]:F4}\n");
        }

        text.Append(' ', head + 1).Append(rule);
        text.Append("Precision".PadRight(head)).Append(" ||");
        foreach (double precision in PerClassPrecision)
        {
            text.Append(precision.ToString("F4", CultureInfo.InvariantCulture).PadLeft(width + 1)).Append(" |");
        }

        text.Append('\n');
    }

    /// <summary>
    /// The classes' names where all fit a column; else numbers, and names behind the numbers of the rows.
    /// </summary>
    private (string[] Columns, string[] Rows) Captions(int width)
    {
        int longest = _names.Max(name => name.Length);
        if (longest <= width)
        {
            return ([.. _names], [.. _names]);
        }

        int digits = (NumberOfClasses - 1).ToString(CultureInfo.InvariantCulture).Length;
        string[] numbers = [.. _names.Select((_, i) => i.ToString(CultureInfo.InvariantCulture))];
        return (numbers, [.. _names.Select((name, i) => $"{numbers[i].PadLeft(digits)}. {name.PadLeft(longest)}")]);
    }
}
