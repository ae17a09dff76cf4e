using Microsoft.ML.Data;
using Microsoft.ML.Lora.DataView;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>What the estimator promises before fitting is what the transformer's schema is.</summary>
public class EstimatorContractTests
{
    private readonly MLContext _context = new(seed: 1);

    private sealed class NumberLabelled
    {
        public string Text { get; set; } = "";

        public int Label { get; set; }
    }

    private sealed class KeyLabelled
    {
        public string Text { get; set; } = "";

        [KeyType(3)]
        public uint Label { get; set; }
    }

    private sealed class ByteKeyLabelled
    {
        public string Text { get; set; } = "";

        [KeyType(3)]
        public byte Label { get; set; }
    }

    private sealed class LongKeyLabelled
    {
        public string Text { get; set; } = "";

        [KeyType(3)]
        public ulong Label { get; set; }
    }

    [Fact]
    public void Text_key_values() => Check(Toy.View(_context));

    [Fact]
    public void Number_key_values() => Check(_context.Transforms.Conversion.MapValueToKey("Label"),
        Toy.Rows(30).Select((row, i) => new NumberLabelled { Text = row.Text!, Label = 10 * (i % 3) }));

    [Fact]
    public void No_key_values() =>
        Check(null, Toy.Rows(30).Select((row, i) => new KeyLabelled { Text = row.Text!, Label = 1 + ((uint)i % 3) }));

    [Fact]
    public void Byte_keys() =>
        Check(null, Toy.Rows(30).Select((row, i) => new ByteKeyLabelled { Text = row.Text!, Label = (byte)(1 + (i % 3)) }));

    [Fact]
    public void Short_keys()
    {
        // ML.NET reads keys of 16 bits from files, not from objects.
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(path, Toy.Rows(30).Select((row, i) => $"{row.Text}\t{i % 3}"));
            Check(_context.Data.LoadFromTextFile(
                path, [new("Text", DataKind.String, 0), new("Label", DataKind.UInt16, [new(1)], new KeyCount(3))]));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Long_keys() =>
        Check(null, Toy.Rows(30).Select((row, i) => new LongKeyLabelled { Text = row.Text!, Label = 1 + ((ulong)i % 3) }));

    [Fact]
    public void Classes_come_from_the_key_not_from_the_rows()
    {
        List<Toy.Row> rows = Toy.Rows(30);
        IDataView all = Toy.View(_context, rows);
        IDataView some = _context.Data.TakeRows(all, 2);
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        using LoraTransformer model = _context.MulticlassClassification.Trainers.Lora(options).Fit(some);

        Assert.Equal(["refund", "parcel", "login"], model.Model.Labels);
        Assert.Equal("Key<UInt32, 0-2>", model.GetOutputSchema(some.Schema)["PredictedLabel"].Type.ToString());
    }

    [Fact]
    public void Existing_columns_of_the_same_name_are_hidden()
    {
        IDataView data = Toy.View(_context);
        using LoraTransformer first = Toy.Train(_context, Toy.Options(epochs: 1));
        DataViewSchema twice = first.GetOutputSchema(first.GetOutputSchema(data.Schema));

        Assert.Equal(2, twice.Count(c => c.Name == "Score"));
        Assert.Single(twice, c => c.Name == "Score" && !c.IsHidden);
    }

    private void Check<T>(IEstimator<ITransformer>? before, IEnumerable<T> rows) where T : class
    {
        IDataView view = _context.Data.LoadFromEnumerable(rows);
        Check(before is null ? view : before.Fit(view).Transform(view));
    }

    private void Check(IDataView data)
    {
        LoraTextClassificationTrainer trainer =
            _context.MulticlassClassification.Trainers.Lora(Toy.Options(epochs: 1));
        SchemaShape promised = trainer.GetOutputSchema(MLNetAccess.ShapeOf(data.Schema));
        using LoraTransformer model = trainer.Fit(data);
        SchemaShape real = MLNetAccess.ShapeOf(model.GetOutputSchema(data.Schema));

        Assert.Equal(Describe(real), Describe(promised));
        Assert.Equal(Toy.Scores(model.Transform(data)).Length, 3 * data.GetColumn<string>("Text").Count());
    }

    private static IEnumerable<string> Describe(SchemaShape shape) => shape
        .Select(c => $"{c.Name} {c.Kind} {c.ItemType} {c.IsKey} [{string.Join(", ", Describe(c.Annotations))}]")
        .Order(StringComparer.Ordinal);
}
