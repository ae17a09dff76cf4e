using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.StandIn.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.StandIn.Tests.Text;

/// <summary>Text files become the recorded schemas, rows, warnings and errors.</summary>
public sealed class TextLoaderTests(ITestOutputHelper output)
{
    [SkippableFact]
    public void Files_LoadAsRecorded()
    {
        JsonElement[] cases = [.. Golden.Read("text/cases.json").EnumerateArray()];
        foreach (JsonElement recorded in cases)
        {
            string name = recorded.GetProperty("case").GetString()!;
            var context = new MLContext(1);
            var warnings = new List<string>();
            context.Log += (_, e) =>
            {
                if (e.Kind == ChannelMessageKind.Warning)
                {
                    warnings.Add("Warning: " + e.RawMessage);
                }
            };
            string path = Golden.Require("text/" + recorded.GetProperty("file").GetString());
            Compare(recorded.GetProperty("result"), name, () => context.Data.LoadFromTextFile(
                path, RecordedTextOptions.Make(recorded.GetProperty("options"))));
            string folder = Path.GetDirectoryName(path)!;
            Assert.Equal(
                recorded.GetProperty("warnings").EnumerateArray().Select(warning => warning.GetString()),
                warnings.Select(warning => warning.Replace(folder, "<dir>", StringComparison.Ordinal)));
        }

        output.WriteLine($"{cases.Length} of {cases.Length} files compared");
    }

    [SkippableFact]
    public void TypedFiles_LoadAsRecorded()
    {
        JsonElement[] cases = [.. Golden.Read("text/typed.json").EnumerateArray()];
        foreach (JsonElement recorded in cases)
        {
            string path = Golden.Require("text/" + recorded.GetProperty("file").GetString());
            bool header = recorded.GetProperty("hasHeader").GetBoolean();
            Compare(
                recorded.GetProperty("result"),
                recorded.GetProperty("case").GetString()!,
                () => LoadTyped(recorded.GetProperty("class").GetString()!, path, header));
        }

        output.WriteLine($"{cases.Length} of {cases.Length} classes compared");
    }

    [Fact]
    public void CursorSet_GivesEachLineOnceInBatchesThatRestoreTheOrder()
    {
        const int Lines = 1000;
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(path, Enumerable.Range(0, Lines).Select(i => $"{i}\tx"));
            IDataView view = new MLContext().Data.LoadFromTextFile(
                path, [new TextLoader.Column("N", DataKind.Int32, 0)]);
            var seen = new List<(long Batch, int Number)>();
            DataViewRowCursor[] cursors = view.GetRowCursorSet(view.Schema, 3);
            Assert.Equal(3, cursors.Length);
            foreach (DataViewRowCursor cursor in cursors)
            {
                ValueGetter<int> getter = cursor.GetGetter<int>(view.Schema[0]);
                int number = 0;
                while (cursor.MoveNext())
                {
                    getter(ref number);
                    seen.Add((cursor.Batch, number));
                }
            }

            Assert.Equal(
                Enumerable.Range(0, Lines),
                seen.OrderBy(row => row.Batch).ThenBy(row => row.Number).Select(row => row.Number));
            Assert.Equal(Lines, seen.Count);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Compare(JsonElement recorded, string name, Func<IDataView> load)
    {
        if (!recorded.GetProperty("ok").GetBoolean())
        {
            ExceptionText.AssertThrows(name, recorded.GetProperty("exception"), () => load());
            return;
        }

        IDataView view = load();
        JsonElement result = recorded.GetProperty("result");
        SchemaText.AssertEqual(result.GetProperty("schema"), view.Schema);
        VisibleRows.AssertEqual(result.GetProperty("rows"), view, name);
    }

    private static IDataView LoadTyped(string name, string path, bool header)
    {
        DataOperationsCatalog data = new MLContext(1).Data;
        return name switch
        {
            "T1" => data.LoadFromTextFile<T1>(path, hasHeader: header),
            "T2" => data.LoadFromTextFile<T2>(path, hasHeader: header),
            "T3" => data.LoadFromTextFile<T3>(path, hasHeader: header),
            "T4" => data.LoadFromTextFile<T4>(path, hasHeader: header),
            "T5" => data.LoadFromTextFile<T5>(path, hasHeader: header),
            "T6" => data.LoadFromTextFile<T6>(path, hasHeader: header),
            "T7" => data.LoadFromTextFile<T7>(path, hasHeader: header),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such class"),
        };
    }

    private sealed class T1
    {
        [LoadColumn(0)] public string Label = "";
        [LoadColumn(1)] public string Text = "";
        [LoadColumn(2)] public float Num = 0;
        [LoadColumn(3, 5), VectorType(3)] public float[] Vec = [];
    }

    private sealed class T2
    {
        [LoadColumn(0)] public string A { get; set; } = "";

        [LoadColumn(1), ColumnName("Renamed")] public bool B { get; set; }

        [LoadColumn(2)] public int? C = null;
    }

    private sealed class T3
    {
        [LoadColumn(1, 3)] public float[] R = [];
        [LoadColumn(0)] public string L = "";
    }

    private sealed class T4
    {
        [LoadColumn([0, 2]), VectorType(2)] public string[] P = [];
    }

    private sealed class T5
    {
        [LoadColumn(0), KeyType(4)] public uint K = 0;
    }

    private sealed class T6
    {
        [LoadColumn(0)] public string A = "";
        public string NoAttr = "";
    }

    private sealed class T7
    {
        public string A = "";
    }
}
