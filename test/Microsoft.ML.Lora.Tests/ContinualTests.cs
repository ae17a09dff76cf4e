using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>Going on from a trained model: what is kept, which classes there are, and what does not fit.</summary>
public sealed class ContinualTests : IClassFixture<ContinualTests.Trained>
{
    private readonly Trained _trained;

    public ContinualTests(Trained trained) => _trained = trained;

    public sealed class Trained : IDisposable
    {
        public MLContext Context { get; } = new(seed: 1);

        public LoraTransformer Model { get; }

        public Trained() => Model = Toy.Train(Context, Toy.Options(epochs: 6));

        public void Dispose() => Model.Dispose();
    }

    private MLContext Context => _trained.Context;

    [Fact]
    public void The_first_step_starts_from_the_model()
    {
        LoraTextClassificationTrainer.Options options = Still();
        using LoraTransformer further = Fit(options, Toy.Rows(60));

        Assert.Equal(_trained.Model.Model.Labels, further.Model.Labels);
        AssertClose(_trained.Model.Model.Contents.Adapter, further.Model.Contents.Adapter);
        Assert.True(further.Model.History[0].Loss < 1.5 * _trained.Model.Model.History[^1].Loss);
    }

    [Fact]
    public void It_goes_on_from_a_loaded_model_with_the_same_bits()
    {
        using var folder = new TemporaryFolder();
        Context.Model.Save(_trained.Model, Toy.View(Context).Schema, folder.PathOf("model.zip"));
        using var loaded = (LoraTransformer)Context.Model.Load(folder.PathOf("model.zip"), out _);
        LoraTextClassificationTrainer trainer = Context.MulticlassClassification.Trainers.Lora(Toy.Options(epochs: 1));
        using LoraTransformer one = trainer.Fit(Toy.View(Context), _trained.Model);
        using LoraTransformer other = trainer.Fit(Toy.View(Context), loaded);

        foreach ((string name, AdapterTensor tensor) in one.Model.Contents.Adapter.Tensors)
        {
            Assert.Equal(tensor.Values, other.Model.Contents.Adapter[name].Values);
        }
    }

    [Fact]
    public void Rows_of_the_head_follow_their_class()
    {
        List<Toy.Row> rows = [.. Toy.Rows(60).Skip(1), Toy.Rows(1)[0]];
        using LoraTransformer further = Fit(Still(), rows);

        Assert.Equal(["parcel", "login", "refund"], further.Model.Labels);
        AdapterState before = _trained.Model.Model.Contents.Adapter, after = further.Model.Contents.Adapter;
        AssertRow(before, 1, after, 0);
        AssertRow(before, 2, after, 1);
        AssertRow(before, 0, after, 2);
    }

    [Fact]
    public void New_classes_are_refused_unless_asked_for()
    {
        List<Toy.Row> rows = [.. Toy.Rows(30), .. Invoices()];
        string message = Assert.Throws<ArgumentException>(() => Fit(Still(), rows)).Message;
        Assert.Contains("1 classes it does not know: invoice", message);
        Assert.Contains("AddNewClasses", message);

        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 6);
        options.AddNewClasses = true;
        using LoraTransformer further = Fit(options, rows);
        Assert.Equal(["refund", "parcel", "login", "invoice"], further.Model.Labels);
        Assert.Equal(3, further.Model.Score("where is the card").ToList().IndexOf(further.Model.Score("where is the card").Max()));
        Assert.Equal(2, further.Model.Score("bad login").ToList().IndexOf(further.Model.Score("bad login").Max()));
    }

    [Fact]
    public void Classes_that_the_rows_lack_stay()
    {
        List<Toy.Row> rows = [.. Toy.Rows(60).Where(row => row.Label != "refund")];
        using LoraTransformer further = Fit(Still(), rows);
        Assert.Equal(["parcel", "login", "refund"], further.Model.Labels);
        Assert.Equal(3, further.Model.Score("refund refund").Length);
        AssertRow(_trained.Model.Model.Contents.Adapter, 0, further.Model.Contents.Adapter, 2);
    }

    [Fact]
    public void Everything_that_does_not_fit_is_named()
    {
        LoraTextClassificationTrainer.Options options = Still();
        options.Rank = 4;
        options.Alpha = 4;
        options.Scaling = LoraScaling.RankStabilized;
        string message = Assert.Throws<ArgumentException>(() => Fit(options, Toy.Rows(30))).Message;
        Assert.Contains("its Rank is 8, and Rank is 4; its Alpha is 16, and Alpha is 4; its updates are scaled by alpha/r", message);

        options = Still();
        options.Initialization = LoraInitialization.Pissa;
        Assert.Contains("Initialization is Pissa",
            Assert.Throws<ArgumentException>(() => Fit(options, Toy.Rows(30))).Message);
        options = Still();
        options.TargetModules = LoraTargetModules.QueryValue;
        Assert.Contains("unexpected", Assert.Throws<ArgumentException>(() => Fit(options, Toy.Rows(30))).Message);
        options = Still();
        options.Pooling = LoraPooling.Mean;
        options.FineTuning = LoraFineTuning.HeadOnly;
        message = Assert.Throws<ArgumentException>(() => Fit(options, Toy.Rows(30))).Message;
        Assert.Contains("FineTuning = Lora, and FineTuning is HeadOnly; its head reads FamilyHead, and Pooling gives Mean", message);
    }

    [Fact]
    public void Another_base_is_refused()
    {
        string folder = TinyBase.Create();
        string weights = Path.Combine(folder, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        LoraTextClassificationTrainer.Options options = Still();
        options.BaseModel = LoraBaseModel.FromFolder(folder);
        Assert.Contains("its base model is", Assert.Throws<ArgumentException>(() => Fit(options, Toy.Rows(30))).Message);
        Directory.Delete(folder, recursive: true);
    }

    private static IEnumerable<Toy.Row> Invoices() => Enumerable.Range(0, 20).Select(i =>
        new Toy.Row { Text = i % 2 == 0 ? "where is the card" : "card card thanks", Pair = "", Label = "invoice" });

    // A rate so low that the tensors stay what they were.
    private static LoraTextClassificationTrainer.Options Still()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.LearningRate = 1e-9f;
        return options;
    }

    private LoraTransformer Fit(LoraTextClassificationTrainer.Options options, IEnumerable<Toy.Row> rows) =>
        Context.MulticlassClassification.Trainers.Lora(options).Fit(Toy.View(Context, rows), _trained.Model);

    private static void AssertClose(AdapterState expected, AdapterState actual)
    {
        Assert.Equal(expected.Names, actual.Names);
        foreach ((string name, AdapterTensor tensor) in expected.Tensors)
        {
            Assert.All(tensor.Values.Zip(actual[name].Values), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        }
    }

    private static void AssertRow(AdapterState before, int row, AdapterState after, int newRow)
    {
        const int Width = TinyBase.HiddenSize;
        Assert.All(
            before["classifier.weight"].Values[(row * Width)..((row + 1) * Width)]
                .Zip(after["classifier.weight"].Values[(newRow * Width)..((newRow + 1) * Width)]),
            pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        Assert.Equal(before["classifier.bias"].Values[row], after["classifier.bias"].Values[newRow], 1e-6);
    }
}
