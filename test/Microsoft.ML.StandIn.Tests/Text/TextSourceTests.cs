using System.Text;
using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.StandIn.Tests.Support;
using Xunit;
using Xunit.Abstractions;

namespace Microsoft.ML.StandIn.Tests.Text;

/// <summary>Paths find the recorded files, and views are saved as the recorded text.</summary>
public sealed class TextSourceTests(ITestOutputHelper output)
{
    [SkippableFact]
    public void SourcesAndSaving_AreAsRecorded()
    {
        JsonElement[] cases = [.. Golden.Read("text/sources_and_saving.json").EnumerateArray()];
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            WriteFiles(folder);
            foreach (JsonElement recorded in cases)
            {
                Compare(recorded.GetProperty("what").GetString()!, recorded.GetProperty("result"), folder);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        output.WriteLine($"{cases.Length} of {cases.Length} sources compared");
    }

    [Fact]
    public void SavedText_LoadsAgain()
    {
        string path = Path.GetTempFileName();
        try
        {
            var context = new MLContext(1);
            IDataView view = MakeRows(context);
            using (FileStream stream = File.Create(path))
            {
                context.Data.SaveAsText(view, stream, keepHidden: false);
            }

            IDataView loaded = context.Data.LoadFromTextFile(path);
            Assert.Equal(["Label", "Text", "Vec", "N", "B"], loaded.Schema.Select(column => column.Name));
            Assert.Equal(view.Schema["Vec"].Type, loaded.Schema["Vec"].Type);
            Assert.Equal(view.Schema.Where(c => !c.IsHidden).Select(c => c.Type), loaded.Schema.Select(c => c.Type));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Compare(string what, JsonElement recorded, string folder)
    {
        string In(string name) => Path.Combine(folder, name);
        switch (what)
        {
            case "files p1.tsv, p2.tsv (each with header) loaded by CreateTextLoader(...).Load(p1, p2)":
                TextLoader loader = new MLContext(1).Data.CreateTextLoader(Columns(), hasHeader: true);
                VisibleRows.AssertEqual(recorded, loader.Load(new MultiFileSource(In("p1.tsv"), In("p2.tsv"))), what);
                break;
            case "path with wildcard p*.tsv":
                VisibleRows.AssertEqual(recorded, Load(In("p*.tsv")), what);
                break;
            case "path 'p1.tsv+p2.tsv'":
                VisibleRows.AssertEqual(recorded, Load(In("p1.tsv") + "+" + In("p2.tsv")), what);
                break;
            case "directory with /*":
                VisibleRows.AssertEqual(recorded, Load(In("d/*")), what);
                break;
            case "directory with /...":
                VisibleRows.AssertEqual(recorded, Load(In("d/...")), what);
                break;
            case "wildcard with no match":
                ExceptionText.AssertThrows(what, recorded.GetProperty("exception"), () => Load("zz_no_such*.tsv"));
                break;
            case "MultiFileSource(null).Count; MultiFileSource(p1).GetPathOrNull tail; Count":
                CompareSource(recorded.GetProperty("result"), In("p1.tsv"));
                break;
            default:
                CompareSaved(recorded.GetProperty("result"));
                break;
        }
    }

    private static void CompareSource(JsonElement recorded, string path)
    {
        Assert.Equal(recorded.GetProperty("nullCount").GetInt32(), new MultiFileSource(null!).Count);
        var source = new MultiFileSource(path);
        Assert.Equal(recorded.GetProperty("count").GetInt32(), source.Count);
        Assert.Equal(recorded.GetProperty("path").GetString(), Path.GetFileName(source.GetPathOrNull(0)));
        using TextReader reader = source.OpenTextReader(0);
        Assert.Equal(recorded.GetProperty("linesFirst").GetString(), reader.ReadLine());
    }

    private static void CompareSaved(JsonElement recorded)
    {
        var context = new MLContext(1);
        IDataView rows = MakeRows(context);
        string Save(char separator, bool header, bool schema, bool hidden, bool dense)
        {
            var stream = new MemoryStream();
            context.Data.SaveAsText(rows, stream, separator, header, schema, hidden, dense);
            return Encoding.UTF8.GetString(stream.ToArray());
        }

        Assert.Equal(recorded.GetProperty("default").GetString(), Save('\t', true, true, false, false));
        Assert.Equal(recorded.GetProperty("comma_header_noschema").GetString(), Save(',', true, false, false, false));
        Assert.Equal(recorded.GetProperty("noheader_dense").GetString(), Save('\t', false, false, false, true));
        Assert.Equal(recorded.GetProperty("keephidden").GetString(), Save('\t', false, false, true, false));
    }

    private static IDataView MakeRows(MLContext context)
    {
        SavedRow[] rows =
        [
            new() { Label = "a", Text = "x\ty", Vec = [1, 0, 0, 0, 2.5f], N = float.NaN, B = true },
            new() { Label = "", Text = "say \"hi\"", Vec = [0, 0, 0, 0, 0], N = 1e-7f },
            new() { Label = "b c", Text = "", Vec = [0, 0, 0, 0, 1], N = 3, B = true },
        ];
        IDataView view = context.Data.LoadFromEnumerable(rows);
        return context.Transforms.Conversion.MapValueToKey("Label").Fit(view).Transform(view);
    }

    private static TextLoader.Column[] Columns() =>
        [new TextLoader.Column("A", DataKind.String, 0), new TextLoader.Column("B", DataKind.String, 1)];

    private static IDataView Load(string path) =>
        new MLContext(1).Data.LoadFromTextFile(path, Columns(), hasHeader: true);

    private static void WriteFiles(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "d", "sub"));
        string[] paths = ["p1.tsv", "p2.tsv", "d/p1.tsv", "d/p2.tsv", "d/q.tsv", "d/sub/r.tsv"];
        string[] rows = ["a\t1", "b\t2", "a\t1", "b\t2", "c\t3", "d\t4"];
        for (int i = 0; i < paths.Length; i++)
        {
            File.WriteAllText(Path.Combine(folder, paths[i]), $"h1\th2\n{rows[i]}\n");
        }
    }

    private sealed class SavedRow
    {
        public string Label = "";
        public string Text = "";
        [VectorType(5)] public float[] Vec = [];
        public float N;
        public bool B;
    }
}
