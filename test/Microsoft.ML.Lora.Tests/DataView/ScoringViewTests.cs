using System.Collections.Immutable;
using Microsoft.ML.Data;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.DataView;

/// <summary>Scoring is lazy, in order, and gives a row the same bits whoever asks and however many rows are beside it.</summary>
public class ScoringViewTests : IClassFixture<ScoringViewTests.Trained>
{
    private readonly Trained _trained;

    public ScoringViewTests(Trained trained) => _trained = trained;

    public sealed class Trained : IDisposable
    {
        public Trained()
        {
            Data = Toy.View(Context, 70);
            Model = Toy.Train(Context);
            Scores = Toy.Scores(Model.Transform(Data));
        }

        public MLContext Context { get; } = new(seed: 1);

        public IDataView Data { get; }

        public LoraTransformer Model { get; }

        public float[] Scores { get; }

        public void Dispose() => Model.Dispose();
    }

    private MLContext Context => _trained.Context;

    [Fact]
    public void A_row_scores_the_same_bits_alone_and_in_any_window()
    {
        List<Toy.Row> rows = Toy.Rows(70);
        for (int i = 0; i < rows.Count; i++)
        {
            IDataView alone = Toy.View(Context, [rows[i]]);
            Assert.Equal(_trained.Scores[(3 * i)..(3 * i + 3)], Toy.Scores(_trained.Model.Transform(alone)));
            Assert.Equal(_trained.Scores[(3 * i)..(3 * i + 3)], _trained.Model.Model.Score(rows[i].Text));
        }
    }

    [Fact]
    public void A_prediction_engine_gives_the_same_bits_row_after_row()
    {
        using PredictionEngine<Toy.Row, Toy.Prediction> engine =
            Context.Model.CreatePredictionEngine<Toy.Row, Toy.Prediction>(
                _trained.Model, new PredictionEngineOptions { OwnsTransformer = false });
        List<Toy.Row> rows = Toy.Rows(70);
        for (int i = 0; i < rows.Count; i++)
        {
            Toy.Prediction prediction = engine.Predict(rows[i]);
            Assert.Equal(_trained.Scores[(3 * i)..(3 * i + 3)], prediction.Score);
            Assert.Equal(rows[i].Text, prediction.Text);
            Assert.Equal(Array.IndexOf(prediction.Score, prediction.Score.Max()) + 1, (int)prediction.PredictedLabel);
        }
    }

    /// <summary>Until the runtime has optimized all code on the way, that boxes characters.</summary>
    [Fact]
    public void A_row_through_a_prediction_engine_comes_to_allocate_nothing_beside_its_result()
    {
        using PredictionEngine<Toy.Row, Label> engine = Context.Model.CreatePredictionEngine<Toy.Row, Label>(
            _trained.Model, new PredictionEngineOptions { OwnsTransformer = false });
        Toy.Row[] rows = [.. Toy.Rows(20)];
        var result = new Label();
        long allocated = Allocated();
        for (int i = 0; i < 1000 && allocated > 0; i++)
        {
            Thread.Sleep(10);
            allocated = Allocated();
        }
        Assert.Equal(0, allocated);

        long Allocated()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach (Toy.Row row in rows)
            {
                engine.Predict(row, ref result);
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }

    [Fact]
    public void Input_columns_pass_through_in_order()
    {
        IDataView scored = _trained.Model.Transform(_trained.Data);
        Assert.Equal(_trained.Data.GetColumn<string>("Text"), scored.GetColumn<string>("Text"));
        Assert.Equal(_trained.Data.GetColumn<float>("Number"), scored.GetColumn<float>("Number"));
        List<Toy.Prediction> rows = [.. Context.Data.CreateEnumerable<Toy.Prediction>(scored, reuseRowObject: false)];
        Assert.Equal(_trained.Data.GetColumn<string>("Text"), rows.Select(row => row.Text));
        Assert.Equal(_trained.Scores, rows.SelectMany(row => row.Score));
    }

    [Fact]
    public void Nothing_is_scored_unless_a_score_is_asked_for()
    {
        LoraTransformer model = Toy.Train(Context, Toy.Options(epochs: 1));
        IDataView scored = model.Transform(_trained.Data);
        model.Dispose();
        Assert.Equal(70, scored.GetColumn<string>("Text").Count());
        Assert.Equal(70, scored.GetRowCount() ?? 70);
        Assert.Throws<ObjectDisposedException>(() => scored.GetColumn<float[]>("Score").Count());
    }

    [Fact]
    public void Columns_that_were_not_asked_for_are_refused()
    {
        IDataView scored = _trained.Model.Transform(_trained.Data);
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"]]);
        Assert.True(cursor.IsColumnActive(scored.Schema["Score"]));
        Assert.False(cursor.IsColumnActive(scored.Schema["Text"]));
        Assert.Throws<ArgumentOutOfRangeException>(() => cursor.GetGetter<uint>(scored.Schema["PredictedLabel"]));
        Assert.Throws<InvalidOperationException>(() => cursor.GetGetter<int>(scored.Schema["Score"]));
    }

    [Fact]
    public void Positions_and_ids_are_those_of_the_input()
    {
        IDataView scored = _trained.Model.Transform(_trained.Data);
        using DataViewRowCursor inputs = _trained.Data.GetRowCursor([]);
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["PredictedLabel"]]);
        ValueGetter<DataViewRowId> inputId = inputs.GetIdGetter();
        ValueGetter<DataViewRowId> id = cursor.GetIdGetter();
        DataViewRowId expected = default, actual = default;
        Assert.Equal(-1, cursor.Position);
        while (inputs.MoveNext())
        {
            Assert.True(cursor.MoveNext());
            inputId(ref expected);
            id(ref actual);
            Assert.Equal(expected, actual);
            Assert.Equal(inputs.Position, cursor.Position);
        }
        Assert.False(cursor.MoveNext());
        Assert.Equal(-1, cursor.Position);
    }

    [Fact]
    public void Shuffling_goes_through_to_the_input()
    {
        IDataView scored = _trained.Model.Transform(_trained.Data);
        Assert.Equal(_trained.Data.CanShuffle, scored.CanShuffle);
        IDataView shuffled = Context.Data.ShuffleRows(scored, seed: 5);
        IDataView expected = Context.Data.ShuffleRows(_trained.Data, seed: 5);
        Assert.Equal(expected.GetColumn<float>("Number"), shuffled.GetColumn<float>("Number"));
        Assert.Equal(
            expected.GetColumn<float>("Number").SelectMany(i => _trained.Scores[(3 * (int)i)..(3 * (int)i + 3)]),
            Toy.Scores(shuffled));
    }

    [Fact]
    public void Cursor_sets_cover_the_rows()
    {
        IDataView scored = _trained.Model.Transform(_trained.Data);
        DataViewSchema.Column[] columns = [scored.Schema["Number"], scored.Schema["Score"]];
        var rows = ImmutableSortedDictionary.CreateBuilder<float, float[]>();
        foreach (DataViewRowCursor cursor in scored.GetRowCursorSet(columns, 3))
        {
            using (cursor)
            {
                ValueGetter<float> number = cursor.GetGetter<float>(columns[0]);
                ValueGetter<VBuffer<float>> score = cursor.GetGetter<VBuffer<float>>(columns[1]);
                while (cursor.MoveNext())
                {
                    float key = 0;
                    VBuffer<float> value = default;
                    number(ref key);
                    score(ref value);
                    rows.Add(key, [.. value.DenseValues()]);
                }
            }
        }
        Assert.Equal(_trained.Scores, rows.Values.SelectMany(value => value));
    }

    [Fact]
    public void Several_threads_may_score_at_once()
    {
        IDataView scored = _trained.Model.Transform(_trained.Data);
        float[][] results = new float[4][];
        Parallel.For(0, results.Length, i => results[i] = Toy.Scores(scored));
        Assert.All(results, result => Assert.Equal(_trained.Scores, result));
    }

    [Fact]
    public void Taking_a_few_rows_and_previewing_work()
    {
        IDataView scored = _trained.Model.Transform(_trained.Data);
        Assert.Equal(_trained.Scores[..15], Toy.Scores(Context.Data.TakeRows(scored, 5)));
        Assert.Equal(_trained.Scores[^15..], Toy.Scores(Context.Data.SkipRows(scored, 65)));
        Assert.Equal(10, scored.Preview(maxRows: 10).RowView.Length);
    }

    [Fact]
    public void Reordered_and_hidden_columns_are_found_by_name()
    {
        IDataView swapped = Context.Transforms.SelectColumns("Number", "Label", "Pair", "Text")
            .Fit(_trained.Data).Transform(_trained.Data);
        IDataView doubled = Context.Transforms.CopyColumns("Pair", "Text").Fit(swapped).Transform(swapped);
        Assert.Equal(_trained.Scores, Toy.Scores(_trained.Model.Transform(swapped)));
        Assert.Equal(_trained.Scores, Toy.Scores(_trained.Model.Transform(doubled)));
    }

    [Fact]
    public void Vector_columns_pass_through()
    {
        List<VectorRow> rows =
            [.. Toy.Rows(70).Select(row => new VectorRow { Text = row.Text, Both = [row.Number, -row.Number] })];
        IDataView scored = _trained.Model.Transform(Context.Data.LoadFromEnumerable(rows));
        Assert.Equal(rows.SelectMany(row => row.Both), ReadBoth(scored));
    }

    private sealed class VectorRow
    {
        public string? Text { get; set; }

        [VectorType(2)]
        public float[] Both { get; set; } = [];
    }

    private static List<float> ReadBoth(IDataView view)
    {
        var values = new List<float>();
        DataViewSchema.Column[] columns = [view.Schema["Both"], view.Schema["Score"]];
        using DataViewRowCursor cursor = view.GetRowCursor(columns);
        ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(columns[0]);
        VBuffer<float> value = default;
        while (cursor.MoveNext())
        {
            getter(ref value);
            values.AddRange(value.DenseValues());
        }
        return values;
    }

    private sealed class Label
    {
        public uint PredictedLabel { get; set; }
    }
}
