using Microsoft.ML.Data;
using Microsoft.ML.StandIn.Tests.Support;
using Xunit;

namespace Microsoft.ML.StandIn.Tests.Views;

/// <summary>Cursors misused, and over rows that fail: what ML.NET 5.0.0 did in the same programs.</summary>
public sealed class CursorTests
{
    private const string WorkerError =
        "Splitter/consolidator worker encountered exception while consuming source data";

    private readonly MLContext _context = new(1);

    [Fact]
    public void NoColumns_AreSomeViewsArgumentAndOthersNullReference()
    {
        IDataView rows = Rows(5);
        IDataView selected = _context.Transforms.SelectColumns("Text").Fit(rows).Transform(rows);
        Assert.Throws<NullReferenceException>(() => selected.GetRowCursor(null));
        Assert.Throws<NullReferenceException>(() => _context.Data.TrainTestSplit(rows).TrainSet.GetRowCursor(null));
        Assert.Throws<NullReferenceException>(() => Text("a\t1\n").GetRowCursor(null));
        Assert.Equal("columnsNeeded", Assert.Throws<ArgumentNullException>(() => rows.GetRowCursor(null)).ParamName);
        Assert.Throws<ArgumentNullException>(() => Copied(rows).GetRowCursorSet(null, 3));
    }

    [Fact]
    public void AShuffledCursor_GivesNothingBeforeItsRowsAndTheLastAfter()
    {
        IDataView view = _context.Data.ShuffleRows(Rows(5), seed: 3);
        using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
        ValueGetter<ReadOnlyMemory<char>> text = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Text"]);
        ValueGetter<DataViewRowId> id = cursor.GetIdGetter();
        ReadOnlyMemory<char> value = "x".AsMemory();
        text(ref value);
        Assert.Equal("", value.ToString());
        string last = "";
        while (cursor.MoveNext())
        {
            text(ref value);
            last = value.ToString();
        }

        text(ref value);
        DataViewRowId lastId = default;
        id(ref lastId);
        Assert.Equal((last, last), (value.ToString(), $"t{lastId.Low}"));
    }

    [Fact]
    public void AMappedColumn_IsReadByBatchesAndNotBeforeARow()
    {
        IDataView view = Copied(Rows(300));
        using DataViewRowCursor cursor = view.GetRowCursor([view.Schema["Copy"]]);
        ValueGetter<ReadOnlyMemory<char>> copy = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Copy"]);
        ReadOnlyMemory<char> value = default;
        Assert.Equal(
            "Cannot get value as the cursor is not in a good state",
            Assert.Throws<InvalidOperationException>(() => copy(ref value)).Message);
        Assert.Equal(-1, cursor.Batch);
        for (int i = 0; i < 300; i++)
        {
            Assert.True(cursor.MoveNext());
            copy(ref value);
            Assert.Equal(($"t{i}", i, i / 128), (value.ToString(), cursor.Position, cursor.Batch));
        }

        Assert.False(cursor.MoveNext());
    }

    [Fact]
    public void WhatRowsThrow_IsWrappedByWhoReadsThemAhead()
    {
        IDataView failing = _context.Data.LoadFromEnumerable(Failing(20));

        Assert.Equal("mine", Assert.Throws<FormatException>(() => Count(failing)).Message);
        Exception mapped = Assert.Throws<InvalidOperationException>(() => Count(Copied(failing)));
        Assert.Equal([WorkerError, WorkerError, "mine"], Messages(mapped));
        Exception shuffled = Assert.Throws<InvalidOperationException>(
            () => Count(_context.Data.ShuffleRows(failing, 1, 4)));
        Assert.Equal(["Shuffle input cursor reader failed with an exception", "mine"], Messages(shuffled));
        Exception cached = Assert.Throws<InvalidOperationException>(() => Count(_context.Data.Cache(failing)));
        Assert.Equal(["Event we were waiting on was subject to an exception", "mine"], Messages(cached));
    }

    // The rows of the pool and of each 16 more are read before the first of these shows.
    [Theory]
    [InlineData(5, 0)]
    [InlineData(127, 112)]
    [InlineData(129, 112)]
    [InlineData(300, 288)]
    public void AShuffledCursor_StopsBeforeTheRowsReadWithAnError(int good, int expected)
    {
        IDataView view = _context.Data.ShuffleRows(_context.Data.LoadFromEnumerable(Failing(good)), 1, 10);
        using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
        int count = 0;
        Assert.Throws<InvalidOperationException>(() =>
        {
            while (cursor.MoveNext())
            {
                count++;
            }
        });
        Assert.Equal(expected, count);
    }

    [Theory]
    [InlineData(null, 2, 2)]
    [InlineData(127L, 5, 1)]
    [InlineData(128L, 5, 2)]
    public void ATextLoader_MakesNoMoreCursorsThanBatches(long? maxRows, int wanted, int expected)
    {
        IDataView view = Text("a\t1\n", maxRows);
        DataViewRowCursor[] cursors = view.GetRowCursorSet(view.Schema, wanted);
        Assert.Equal(expected, cursors.Length);
        Array.ForEach(cursors, cursor => cursor.Dispose());
    }

    [Fact]
    public void ATableOfNumbers_FailsWhereItIsRead()
    {
        IDataView empty = _context.Data.LoadFromEnumerable(Array.Empty<Table>());
        Assert.Equal(0, Count(empty));
        IDataView one = _context.Data.LoadFromEnumerable(new[] { new Table { Numbers = new int[2, 2] } });
        using DataViewRowCursor cursor = one.GetRowCursor(one.Schema);
        ValueGetter<VBuffer<int>> numbers = cursor.GetGetter<VBuffer<int>>(one.Schema["Numbers"]);
        VBuffer<int> value = default;
        Assert.True(cursor.MoveNext());
        Assert.Throws<NullReferenceException>(() => numbers(ref value));
    }

    [Fact]
    public void AnEngineThatCannotBind_HasTakenItsSeeds()
    {
        MLContext context = new(7);
        IDataView rows = context.Data.LoadFromEnumerable(new[] { new Row() });
        ITransformer model = context.Transforms.CopyColumns("Copy", "Text").Fit(rows);
        Assert.ThrowsAny<Exception>(() => context.Model.CreatePredictionEngine<Row, Wrong>(model));
        MLContext other = new(7);
        for (int i = 0; i < 6; i++)
        {
            ((Runtime.IHostEnvironment)other).Register("Any");
        }

        Assert.Equal(
            ((Runtime.IHostEnvironment)other).Register("Any").Rand.Next(),
            ((Runtime.IHostEnvironment)context).Register("Any").Rand.Next());
    }

    private static IEnumerable<string> Messages(Exception? error)
    {
        for (; error != null; error = error.InnerException)
        {
            yield return error.Message;
        }
    }

    private static IEnumerable<Row> Failing(int good)
    {
        for (int i = 0; i < good; i++)
        {
            yield return new Row { Text = $"t{i}" };
        }

        throw new FormatException("mine");
    }

    private static int Count(IDataView view)
    {
        using DataViewRowCursor cursor = view.GetRowCursor(view.Schema);
        int count = 0;
        while (cursor.MoveNext())
        {
            count++;
        }

        return count;
    }

    private IDataView Rows(int count) =>
        _context.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(i => new Row { Text = $"t{i}" }).ToArray());

    private IDataView Copied(IDataView view) =>
        _context.Transforms.CopyColumns("Copy", "Text").Fit(Rows(1)).Transform(view);

    private IDataView Text(string content, long? maxRows = null)
    {
        string path = Path.GetTempFileName();
        File.WriteAllText(path, content);
        return _context.Data.LoadFromTextFile(path, new TextLoader.Options
        {
            Columns = [new TextLoader.Column("Text", DataKind.String, 0)],
            MaxRows = maxRows,
        });
    }

    private sealed class Row
    {
        public string Text { get; set; } = "";
    }

    private sealed class Wrong
    {
        public float Copy { get; set; }
    }

    private sealed class Table
    {
        public int[,]? Numbers { get; set; }
    }
}
