using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.StandIn.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.StandIn.Tests.Behaviour;

/// <summary>Views count, shuffle, split and number their rows as recorded.</summary>
public sealed class ViewTests(ITestOutputHelper output)
{
    // Its order was drawn from the context's own generator, after other work; splits and shuffles by seed are compared
    // elsewhere.
    private const string OutOfScope = "ShuffleRows(array)";

    [SkippableFact]
    public void Views_BehaveAsRecorded()
    {
        var all = Golden.Read("behaviour/dataview_misc.json").EnumerateArray().ToArray();
        var views = MakeViews();
        foreach (var recorded in all)
        {
            var name = recorded.GetProperty("view").GetString()!;
            if (name == OutOfScope)
            {
                continue;
            }

            var result = recorded.GetProperty("result").GetProperty("result");
            Assert.Equal(name + ValueText.Print(result),
                name + ValueText.Print(JsonSerializer.SerializeToElement(Describe(views[name]))));
        }

        output.WriteLine($"{views.Count} of {all.Length} views compared; out of scope: {OutOfScope}");
        Assert.Equal(all.Length - 1, views.Count);
    }

    [Fact]
    public void SplitCursors_GiveEachRowOnceInBatchesThatRestoreTheOrder()
    {
        const int Count = 1000;
        var context = new MLContext();
        var data = context.Data.LoadFromEnumerable(Enumerable.Range(0, Count).Select(i => new TextRow($"{i % 7}")));
        var view = context.Transforms.Conversion.MapValueToKey("Key", "Text").Fit(data).Transform(data);
        var cursors = view.GetRowCursorSet(view.Schema, 4);
        Assert.Equal(4, cursors.Length);
        var keys = cursors.Select(cursor => cursor.GetGetter<uint>(view.Schema["Key"])).ToArray();
        var ids = cursors.Select(cursor => cursor.GetIdGetter()).ToArray();
        var seen = new List<(long Batch, ulong Row, uint Key)>();
        for (var live = cursors.Length; live > 0;)
        {
            live = 0;
            for (var i = 0; i < cursors.Length; i++)
            {
                if (cursors[i].MoveNext())
                {
                    live++;
                    var id = default(DataViewRowId);
                    ids[i](ref id);
                    var key = 0u;
                    keys[i](ref key);
                    seen.Add((cursors[i].Batch, id.Low, key));
                }
            }
        }

        Assert.Equal(Enumerable.Range(0, Count).Select(i => ((ulong)i, (uint)(i % 7) + 1)),
            seen.OrderBy(row => row.Batch).ThenBy(row => row.Row).Select(row => (row.Row, row.Key)));
    }

    private static Dictionary<string, IDataView> MakeViews()
    {
        var context = new MLContext(1);
        var rows = Enumerable.Range(0, 6).Select(i => new TextRow($"text {i}")).ToArray();
        var array = context.Data.LoadFromEnumerable(rows);
        var keys = context.Transforms.Conversion.MapValueToKey("Key", "Text");
        return new Dictionary<string, IDataView>
        {
            ["LoadFromEnumerable(array)"] = array,
            ["LoadFromEnumerable(List)"] = context.Data.LoadFromEnumerable(rows.ToList()),
            ["LoadFromEnumerable(iterator)"] = context.Data.LoadFromEnumerable(rows.Select(row => row)),
            ["MapValueToKey.Transform(array)"] = keys.Fit(array).Transform(array),
            ["chain of two Transform(array)"] =
                keys.Append(context.Transforms.CopyColumns("Copy", "Key")).Fit(array).Transform(array),
            ["Cache(LoadFromEnumerable(array))"] = context.Data.Cache(array),
            ["Cache with column names"] = context.Data.Cache(array, "Text"),
            ["TakeRows(array, 3)"] = context.Data.TakeRows(array, 3),
            ["SkipRows(array, 3)"] = context.Data.SkipRows(array, 3),
            ["TrainTestSplit test set"] = context.Data.TrainTestSplit(array, 0.5, seed: 1).TestSet,
            ["TextLoader"] = context.Data.CreateTextLoader([new TextLoader.Column("A", DataKind.String, 0)])
                .Load(new TwoLines()),
            ["SelectColumns.Transform(array)"] = context.Transforms.SelectColumns("Text").Fit(array).Transform(array),
        };
    }

    private static object Describe(IDataView view)
    {
        var cursors = view.GetRowCursorSet(view.Schema, 4);
        foreach (var cursor in cursors)
        {
            cursor.Dispose();
        }

        return new
        {
            GetRowCount = view.GetRowCount(),
            view.CanShuffle,
            viewType = TypeText.Print(view.GetType()),
            cursorSetSizeFor4 = cursors.Length,
            firstRowIds = FirstIds(view),
        };
    }

    private static List<string> FirstIds(IDataView view)
    {
        using var cursor = view.GetRowCursor(view.Schema);
        var getter = cursor.GetIdGetter();
        var ids = new List<string>();
        while (ids.Count < 4 && cursor.MoveNext())
        {
            var id = default(DataViewRowId);
            getter(ref id);
            ids.Add(id.ToString());
        }

        return ids;
    }

    /// <summary>A source of two lines.</summary>
    private sealed class TwoLines : IMultiStreamSource
    {
        public int Count => 1;

        public string? GetPathOrNull(int index) => null;

        public Stream Open(int index) => new MemoryStream("a\nb\n"u8.ToArray());

        public TextReader OpenTextReader(int index) => new StreamReader(Open(index));
    }

    private sealed class TextRow(string text)
    {
        public string Text { get; } = text;
    }
}
