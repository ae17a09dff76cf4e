using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A view that other views read by several cursors at once, where there is work worth sharing.</summary>
internal interface IParallelView : IDataView
{
    /// <summary>Whether a view that maps or filters the rows, with these columns, is read by several cursors.</summary>
    bool IsReadInParallel(Func<int, bool> active);
}

/// <summary>How many cursors a view is read with, and the one made of them.</summary>
internal static class ParallelCursors
{
    public const string WorkerError =
        "Splitter/consolidator worker encountered exception while consuming source data";

    private const int Fewest = 2;

    private static int Usual => Math.Max(Fewest, Environment.ProcessorCount - 1);

    /// <summary>The number that is made when so many are wanted; below one for as many as is usual.</summary>
    public static int Limit(int wanted) => wanted < 1 ? Usual : Math.Min(wanted, 2 * Usual);

    /// <summary>Whether a view that another reads is read in parallel.</summary>
    public static bool Wants(IDataView view, Func<int, bool> active) =>
        view is IParallelView parallel && parallel.IsReadInParallel(active);

    /// <summary>One cursor over all rows of a view in their order, made of the usual number.</summary>
    public static DataViewRowCursor Open(
        IHost host, IDataView view, IEnumerable<DataViewSchema.Column> columns, Random rand)
    {
        DataViewRowCursor[] cursors = view.GetRowCursorSet(columns, Usual, rand);
        return cursors.Length == 1 ? cursors[0] : new ConsolidatedCursor(host, cursors);
    }
}
