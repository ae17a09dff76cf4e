using Microsoft.ML.Data;
using Microsoft.ML.StandIn.Tests.Support;
using Xunit;

namespace Microsoft.ML.StandIn.Tests.Text;

/// <summary>Malformed files and unusual options, as the library was seen to treat them.</summary>
public sealed class TextEdgeTests
{
    private static readonly TextLoader.Column _all = Column("X", new TextLoader.Range { Min = 0, VariableEnd = true });

    [Theory]
    [InlineData("a,\"b\nc\"\nd\n", "[[a, b\nc]]; [[d]]")]
    [InlineData("\"a\",\"b\nc\",d\n", "[[a, b\nc, d]]")]
    [InlineData("\"a\" ,\"b\nc\"\n", "[[a, b\nc]]")]
    [InlineData("\"\"\"a\n\"\"b\"\n", "[[\"a\n\"b]]")]
    [InlineData("\"\"a,\"\nz\n", "[sparse 2 [] []]; [[z]]")]
    [InlineData("\"a\"a,\"\nz\n", "[sparse 2 [] []]; [[z]]")]
    [InlineData("a\"b\nz\n", "[[a\"b]]; [[z]]")]
    [InlineData("\"a\nz\n", "FormatException: Stream reading encountered exception")]
    public void QuotedFields_GoOnOverTheEndsOfLines(string text, string expected) =>
        Assert.Equal(expected, Load(text, options => options.ReadMultilines = true, _all));

    [Theory]
    [InlineData("\"a\",\"\nz\n", "[sparse 2 [0] [a]]; [[z]]")]
    [InlineData("a\"\",\"\nz\"\n", "[[a\"\", \nz]]")]
    [InlineData("\"a\\\"\nb\"\n", "[[a\"\nb]]")]
    [InlineData("\"a\\\\\"\nb\n", "[[a\\\\]]; [[b]]")]
    public void WithAnotherEscape_OnlyTheFirstQuotedFieldGoesOn(string text, string expected) =>
        Assert.Equal(expected, Load(text, options =>
        {
            options.ReadMultilines = true;
            options.EscapeChar = '\\';
        }, _all));

    [Theory]
    [InlineData(DataKind.String, ",,", "[, [, , ]]")]
    [InlineData(DataKind.Single, ",,", "[NaN, [NaN, NaN, NaN]]")]
    [InlineData(DataKind.Single, "1", "[NaN, [1, NaN, NaN]]")]
    [InlineData(DataKind.Int32, "1,,2", "[0, [1, 0, 2]]")]
    [InlineData(DataKind.Byte, "1,,2", "InvalidOperationException: Could not parse value  in line 1, column X")]
    public void EmptyFields_AreValuesWhereMissingNumbersAreNaN(DataKind kind, string text, string expected)
    {
        string rows = Load(text + "\n", options => options.MissingRealsAsNaNs = true,
            new TextLoader.Column("X", kind, 1), new TextLoader.Column("Y", kind, 0, 2));
        Assert.Equal(expected, rows);
    }

    [Theory]
    [InlineData("3,1:1", false, "[1, sparse 3 [1] [1]]")]
    [InlineData("3,1:1", true, "[1, [0, NaN, NaN]]")]
    [InlineData("5:1", false, "[0, sparse 3 [] []]")]
    [InlineData("3,99999999999:1", false, "[NaN, [3, NaN, 0]]")]
    public void SparseLines_CountFromTheirFirstItem(string text, bool missing, string expected)
    {
        string rows = Load(text + "\n", options =>
        {
            options.AllowSparse = true;
            options.MissingRealsAsNaNs = missing;
        }, new TextLoader.Column("X", DataKind.Single, 1), new TextLoader.Column("Y", DataKind.Single, 0, 2));
        Assert.Equal(expected, rows);
    }

    [Theory]
    [InlineData(2, null, "[[2], 1, [3, 4]]")]
    [InlineData(0, null, "[[0], 1, [3, 4]]")]
    [InlineData(0, 2, "[[0, 2], 1, [3, 4]]")]
    [InlineData(2, 3, "[[2], 1, [3, 4]]")]
    [InlineData(4, 5, "[[5], 1, [3, 4]]")]
    [InlineData(
        1, null, "ArgumentOutOfRangeException: No index is selected as all other indexes. (Parameter 'AllOther')")]
    public void AllOther_TakesWhatLiesBeforeTheNextColumn(int min, int? max, string expected)
    {
        TextLoader.Range range = new() { Min = min, Max = max, AllOther = true };
        string rows = Load(
            "0,1,2,3,4,5\n", options => { }, Column("A", range), Column("B", new(1)), Column("C", new(3, 4)));
        Assert.Equal(expected, rows);
    }

    [Theory]
    [InlineData(
        "a,b\nc,d,e\n", "ArgumentOutOfRangeException: The size of input lines is not consistent (Parameter 'Source')")]
    [InlineData("", "ArgumentOutOfRangeException: Can't determine the number of source columns without valid data " +
        "(Parameter 'Source')")]
    [InlineData("a,b\n", "[[a, b]]")]
    public void OpenRanges_ReachToTheLengthOfTheLines(string text, string expected) =>
        Assert.Equal(expected, Load(text, options => { }, Column("X", new TextLoader.Range(0, null))));

    [Fact]
    public void ColumnsAreCheckedOneByOne()
    {
        var key = new TextLoader.Column("K", DataKind.String, [new(9, null)], new KeyCount(3));
        Assert.StartsWith("ArgumentOutOfRangeException: Bad item type for Key", Load("a\n", options => { }, key));
        TextLoader.Column none = new() { Name = "N" };
        Assert.StartsWith(
            "ArgumentOutOfRangeException: Must specify some source", Load("a\n", options => { }, key, none));
    }

    [Fact]
    public void SlotNames_ComeFromTheOverloadWithOptionsAlone()
    {
        using var files = new TextFiles();
        string path = files.Write("h.txt", "a,b\n1,2\n");
        TextLoader.Column[] columns = [new("X", DataKind.Single, 0, 1)];
        DataOperationsCatalog data = new MLContext().Data;
        Assert.Empty(data.LoadFromTextFile(path, columns, ',', hasHeader: true).Schema[0].Annotations.Schema);
        TextLoader.Options options = new() { Columns = columns, Separators = [','], HasHeader = true };
        Assert.True(data.LoadFromTextFile(path, options).Schema[0].HasSlotNames());
    }

    // Trailing separators of a header are counted as fields, and its sparse items have no limit.
    [Theory]
    [InlineData("0:a\t", true, "Processed 0 rows with 0 bad values and 1 format errors")]
    [InlineData("0:a", true, null)]
    [InlineData("x\t3:a", false, null)]
    public void SparseHeaders_AreReadAsTheyStand(string header, bool trims, string? expected)
    {
        using var files = new TextFiles();
        MLContext context = new();
        List<string> messages = [];
        context.Log += (_, e) => messages.Add(e.RawMessage);
        context.Data.LoadFromTextFile(files.Write("h.txt", header + "\n1\t2\n"), new TextLoader.Options
        {
            Columns = [new TextLoader.Column("A", DataKind.String, 0, 5)],
            HasHeader = true,
            AllowSparse = true,
            TrimWhitespace = trims,
            InputSize = 4,
        });
        Assert.Equal(expected, messages.SingleOrDefault(m => m.StartsWith("Processed", StringComparison.Ordinal)));
    }

    [Fact]
    public void SeveralPaths_LeaveOutFilesThatAreNotThere()
    {
        using var files = new TextFiles();
        string a = files.Write("a.txt", "a\n");
        string b = files.Write("b.txt", "b\n");
        files.Write("A.txt", "c\n");
        string gone = files.PathOf("gone.txt");
        Assert.Equal([b, a], Paths(new MultiFileSource(gone, b, a)));
        Assert.Equal([a, a], Paths(new MultiFileSource(a, a)));
        Assert.Equal([b, a], Paths(new MultiFileSource($"{b}+{a}+{b}")));
        Assert.Equal([gone, gone], Paths(new MultiFileSource(gone, gone)));
        IDataView view = new MLContext().Data
            .CreateTextLoader([new TextLoader.Column("X", DataKind.String, 0)]).Load(gone, b);
        Assert.Equal(["b"], view.GetColumn<string>("X"));
    }

    private static string[] Paths(MultiFileSource source) =>
        [.. Enumerable.Range(0, source.Count).Select(i => source.GetPathOrNull(i))];

    private static TextLoader.Column Column(string name, TextLoader.Range range) => new(name, DataKind.String, [range]);

    private static string Load(string text, Action<TextLoader.Options> set, params TextLoader.Column[] columns)
    {
        using var files = new TextFiles();
        TextLoader.Options options = new()
        {
            Columns = columns,
            Separators = [','],
            AllowQuoting = true,
            UseThreads = false,
        };
        set(options);
        try
        {
            IDataView view = new MLContext().Data.LoadFromTextFile(files.Write("f.txt", text), options);
            return string.Join("; ", Rows.Print(view));
        }
        catch (Exception ex)
        {
            return $"{ex.GetType().Name}: {ex.Message}";
        }
    }
}
