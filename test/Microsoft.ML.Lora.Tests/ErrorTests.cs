using Microsoft.ML.Data;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>Every bad input gets an exception of ML.NET's kind that says what, where and what to do.</summary>
public class ErrorTests
{
    private readonly MLContext _context = new(seed: 1);

    private sealed class Labelled<T>
    {
        public string Text { get; set; } = "";

        public T? Label { get; set; }
    }

    [Fact]
    public void A_missing_text_column() => OutOfRange(o => o.TextColumnName = "Nope",
        "Could not find text column 'Nope' (Parameter 'inputSchema')");

    [Fact]
    public void A_missing_second_text_column() => OutOfRange(o => o.TextPairColumnName = "Nope",
        "Could not find text pair column 'Nope' (Parameter 'inputSchema')");

    [Fact]
    public void A_missing_label_column() => OutOfRange(o => o.LabelColumnName = "Nope",
        "Could not find label column 'Nope' (Parameter 'labelCol')");

    [Fact]
    public void A_missing_weight_column() => OutOfRange(o => o.ExampleWeightColumnName = "Nope",
        "Could not find weight column 'Nope' (Parameter 'inputSchema')");

    [Fact]
    public void A_text_column_that_is_a_number() => OutOfRange(o => o.TextColumnName = "Number",
        "Schema mismatch for text column 'Number': expected String, got Single (Parameter 'inputSchema')");

    [Fact]
    public void A_weight_column_that_is_text() => OutOfRange(o => o.ExampleWeightColumnName = "Pair",
        "Schema mismatch for weight column 'Pair': expected Single, got String (Parameter 'inputSchema')");

    [Fact]
    public void A_text_label_says_to_use_MapValueToKey()
    {
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() =>
            Trainer().Fit(_context.Data.LoadFromEnumerable(Toy.Rows(6))));
        Assert.StartsWith("Schema mismatch for label column 'Label': expected Key<UInt32>", error.Message);
        Assert.Contains("MapValueToKey(\"Label\")", error.Message);
        Assert.Contains("got String", error.Message);
    }

    [Fact]
    public void A_boolean_label_names_the_binary_catalog() =>
        Assert.Contains("mlContext.BinaryClassification", FitLabels([true, false]).Message);

    [Fact]
    public void A_float_label_names_the_regression_catalog() =>
        Assert.Contains("mlContext.Regression", FitLabels([1f, 2f]).Message);

    [Fact]
    public void Estimator_and_fit_agree_on_schema_errors()
    {
        IDataView raw = _context.Data.LoadFromEnumerable(Toy.Rows(6));
        var shape = Lora.DataView.MLNetAccess.ShapeOf(raw.Schema);
        Assert.Equal(
            Assert.Throws<ArgumentOutOfRangeException>(() => Trainer().Fit(raw)).Message,
            Assert.Throws<ArgumentOutOfRangeException>(() => Trainer().GetOutputSchema(shape)).Message);
    }

    [Fact]
    public void No_rows()
    {
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => Trainer().Fit(WithKeys([])));
        Assert.Equal("Training set has 0 instances, aborting training.", error.Message);
    }

    [Fact]
    public void No_labels()
    {
        List<Toy.Row> rows = Toy.Rows(6);
        rows.ForEach(row => row.Label = null);
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => Trainer().Fit(WithKeys(rows)));
        Assert.Contains("All 6 rows lack a label in 'Label'", error.Message);
    }

    [Fact]
    public void A_key_of_one_class()
    {
        IDataView one = Toy.View(_context, Toy.Rows(30).Where(row => row.Label == "login"));
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() => Trainer().Fit(one));
        Assert.StartsWith("Must be at least 2: label column 'Label'", error.Message);
    }

    [Fact]
    public void Rows_of_one_class_alone()
    {
        IDataView first = _context.Data.TakeRows(Toy.View(_context), 1);
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => Trainer().Fit(first));
        Assert.Contains("have the same one, 'refund'", error.Message);
    }

    [Fact]
    public void A_negative_weight()
    {
        List<Toy.Row> rows = Toy.Rows(6);
        rows[4].Number = -1;
        LoraTextClassificationTrainer.Options options = Toy.Options();
        options.ExampleWeightColumnName = "Number";
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() =>
            _context.MulticlassClassification.Trainers.Lora(options).Fit(Toy.View(_context, rows)));
        Assert.Contains("Row 5 has the weight -1 in column 'Number'", error.Message);
    }

    [Fact]
    public void A_validation_set_of_other_classes()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options();
        options.ValidationSet = Toy.View(_context, Toy.Rows(30).OrderBy(row => row.Label));
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() =>
            _context.MulticlassClassification.Trainers.Lora(options).Fit(Toy.View(_context)));
        Assert.Contains("stands for other classes", error.Message);
    }

    [Fact]
    public void More_tokens_than_the_base_takes() => OutOfRange(o => o.MaxTokens = 65,
        $"MaxTokens is 65, and the base model in '{TinyBase.Folder}' takes 64 tokens at most. (Parameter 'MaxTokens')");

    [Fact]
    public void A_base_folder_that_is_not_there()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options();
        options.BaseModel = LoraBaseModel.FromFolder("/no/such/folder");
        Assert.Contains("/no/such/folder", Assert.Throws<DirectoryNotFoundException>(() =>
            _context.MulticlassClassification.Trainers.Lora(options).Fit(Toy.View(_context))).Message);
    }

    [Fact]
    public void Nulls_get_argument_null_exceptions()
    {
        Assert.Throws<ArgumentNullException>(() => Trainer().Fit(null!));
        Assert.Throws<ArgumentNullException>(() => Trainer().GetOutputSchema(null!));
        Assert.Throws<ArgumentNullException>(() => _context.MulticlassClassification.Trainers.Lora(options: null!));
        using LoraTransformer model = Toy.Train(_context, Toy.Options(epochs: 1));
        Assert.Throws<ArgumentNullException>(() => model.Transform(null!));
        Assert.Throws<ArgumentNullException>(() => model.GetOutputSchema(null!));
    }

    [Fact]
    public void Transforming_a_view_without_the_text()
    {
        using LoraTransformer model = Toy.Train(_context, Toy.Options(epochs: 1));
        IDataView other = _context.Transforms.DropColumns("Text").Fit(Toy.View(_context)).Transform(Toy.View(_context));
        Assert.Equal("Could not find text column 'Text' (Parameter 'inputSchema')",
            Assert.Throws<ArgumentOutOfRangeException>(() => model.Transform(other)).Message);
    }

    [Fact]
    public void A_disposed_transformer_says_so()
    {
        LoraTransformer model = Toy.Train(_context, Toy.Options(epochs: 1));
        IDataView view = model.Transform(Toy.View(_context));
        model.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Toy.Scores(view));
        Assert.Throws<ObjectDisposedException>(() => model.Model.Score("money"));
    }

    [Fact]
    public void A_gpu_without_fallback_is_refused_and_with_fallback_stated()
    {
        _context.GpuDeviceId = 0;
        _context.FallbackToCpu = false;
        Assert.Contains("FallbackToCpu", Assert.Throws<InvalidOperationException>(() =>
            Toy.Train(_context, Toy.Options(epochs: 1))).Message);

        _context.FallbackToCpu = true;
        var messages = new List<string>();
        _context.Log += (_, e) => messages.Add(e.RawMessage);
        Toy.Train(_context, Toy.Options(epochs: 1)).Dispose();
        Assert.Contains(messages, message => message.Contains("computes on the CPU"));
    }

    // The keys of all classes, whatever the rows hold.
    private IDataView WithKeys(List<Toy.Row> rows) => _context.Transforms.Conversion.MapValueToKey("Label")
        .Fit(_context.Data.LoadFromEnumerable(Toy.Rows(6))).Transform(_context.Data.LoadFromEnumerable(rows));

    private LoraTextClassificationTrainer Trainer() => _context.MulticlassClassification.Trainers.Lora(Toy.Options());

    private void OutOfRange(Action<LoraTextClassificationTrainer.Options> change, string message)
    {
        LoraTextClassificationTrainer.Options options = Toy.Options();
        change(options);
        Assert.Equal(message, Assert.Throws<ArgumentOutOfRangeException>(() =>
            _context.MulticlassClassification.Trainers.Lora(options).Fit(Toy.View(_context))).Message);
    }

    private ArgumentOutOfRangeException FitLabels<T>(T[] labels)
    {
        IDataView view = _context.Data.LoadFromEnumerable(
            labels.Select(label => new Labelled<T> { Text = "money", Label = label }));
        return Assert.Throws<ArgumentOutOfRangeException>(() => Trainer().Fit(view));
    }
}
