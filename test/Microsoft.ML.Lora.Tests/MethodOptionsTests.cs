using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>Every option of the method changes what is trained, and the model that comes of it saves, loads and scores.</summary>
public sealed class MethodOptionsTests : IDisposable
{
    private const int HeadParameters = (TinyBase.HiddenSize + 1) * 3;

    private static readonly Lazy<float[]> _plain = new(() => Scores(Toy.Options(epochs: 2)));

    private readonly string _scratch = Directory.CreateTempSubdirectory("method-").FullName;

    /// <summary>Each a change of the options that has to change the scores.</summary>
    public static TheoryData<string> Changes => [.. _changes.Keys];

    private static readonly Dictionary<string, Action<LoraTextClassificationTrainer.Options>> _changes = new()
    {
        ["Full"] = options => options.FineTuning = LoraFineTuning.Full,
        ["HeadOnly"] = options => options.FineTuning = LoraFineTuning.HeadOnly,
        ["Dora"] = options => options.Formulation = LoraFormulation.Dora,
        ["Gaussian"] = options => options.Initialization = LoraInitialization.Gaussian,
        ["Orthogonal"] = options => options.Initialization = LoraInitialization.Orthogonal,
        ["Pissa"] = options => options.Initialization = LoraInitialization.Pissa,
        ["Olora"] = options => options.Initialization = LoraInitialization.Olora,
        ["Pissa of Dora"] = options =>
        {
            options.Initialization = LoraInitialization.Pissa;
            options.Formulation = LoraFormulation.Dora;
        },
        ["RankStabilized"] = options => options.Scaling = LoraScaling.RankStabilized,
        ["Bias.LoraOnly"] = options => options.Bias = LoraBias.LoraOnly,
        ["Bias.All"] = options => options.Bias = LoraBias.All,
        ["RankPattern"] = options => options.RankPattern = new Dictionary<string, int> { ["query"] = 2 },
        ["AlphaPattern"] = options => options.AlphaPattern = new Dictionary<string, float> { [@"layer\.1\..*"] = 4 },
        ["LayersToTransform"] = options => options.LayersToTransform = [1],
        ["ModulesToSave"] = options => options.ModulesToSave = ["pooler"],
        ["QueryValue"] = options => options.TargetModules = LoraTargetModules.QueryValue,
        ["names"] = options => options.TargetModules = LoraTargetModules.Named("attention.output.dense"),
        ["pattern"] = options => options.TargetModules = LoraTargetModules.Matching(@".*layer\.0.*"),
        ["HeadDropout"] = options => options.HeadDropout = 0.5f,
        ["LabelSmoothing"] = options => options.LabelSmoothing = 0.3f,
        ["Focal"] = options => options.Loss = LoraLoss.Focal,
        ["Contrastive"] = options => options.Loss = LoraLoss.Contrastive,
        ["ClassWeights of Contrastive"] = options =>
            (options.Loss, options.ClassWeights) = (LoraLoss.Contrastive, LoraClassWeights.InOrder(1, 5, 1)),
        ["FocalGamma"] = options => (options.Loss, options.FocalGamma) = (LoraLoss.Focal, 0.5f),
        ["ClassWeights"] = options => options.ClassWeights = LoraClassWeights.InOrder(1, 5, 1),
        ["Factors"] = options => Penalise(options, LoraUpdatePenalty.Factors),
        ["Frobenius"] = options => Penalise(options, LoraUpdatePenalty.Frobenius),
        ["Nuclear"] = options => Penalise(options, LoraUpdatePenalty.Nuclear),
        ["Adam"] = options => (options.Optimizer, options.WeightDecay) = (LoraOptimizer.Adam, 0.1f),
        ["Sgd"] = options => options.Optimizer = LoraOptimizer.Sgd,
        ["Momentum"] = options => (options.Optimizer, options.Momentum) = (LoraOptimizer.Sgd, 0.1f),
        ["Adafactor"] = options => options.Optimizer = LoraOptimizer.Adafactor,
        ["Beta1"] = options => options.Beta1 = 0.5f,
        ["Beta2"] = options => options.Beta2 = 0.9f,
        ["Epsilon"] = options => options.Epsilon = 1e-2f,
        ["DecaysVectors"] = options => (options.DecaysVectors, options.WeightDecay) = (true, 5),
        ["HeadLearningRate"] = options => options.HeadLearningRate = 0.05f,
        ["LoraPlusRatio"] = options => options.LoraPlusRatio = 8,
        ["Cosine"] = options => options.Schedule = LoraSchedule.Cosine,
        ["Constant"] = options => options.Schedule = LoraSchedule.Constant,
        ["OneCycle"] = options => options.Schedule = LoraSchedule.OneCycle,
        ["WarmupFraction"] = options => options.WarmupFraction = 0.5f,
        ["GradientAccumulation"] = options => options.GradientAccumulation = 3,
    };

    public void Dispose() => Directory.Delete(_scratch, recursive: true);

    [Theory]
    [MemberData(nameof(Changes))]
    public void It_changes_the_model_which_saves_and_scores(string change)
    {
        var context = new MLContext(seed: 1);
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 2);
        _changes[change](options);
        IDataView data = Toy.View(context);
        using LoraTransformer model = Toy.Train(context, options);
        float[] scores = Toy.Scores(model.Transform(data));
        Assert.All(scores, score => Assert.True(float.IsFinite(score)));
        Assert.NotEqual(_plain.Value, scores);

        string zip = Path.Combine(_scratch, "model.zip");
        context.Model.Save(model, data.Schema, zip);
        using var loaded = (LoraTransformer)context.Model.Load(zip, out _);
        Assert.Equal(scores, Toy.Scores(loaded.Transform(data)));
        Assert.Equal(options.FineTuning, loaded.Model.FineTuning);
        Assert.Equal(model.Model.TrainableParameters, loaded.Model.TrainableParameters);
        Assert.Equal(model.Model.BaseModelSha256, loaded.Model.BaseModelSha256);
        Assert.Equal(model.Model.AdaptedLayers, loaded.Model.AdaptedLayers);
    }

    [Fact]
    public void Full_trains_everything_and_needs_no_base_to_load()
    {
        var context = new MLContext(seed: 1);
        string folder = TinyBase.Create();
        LoraTextClassificationTrainer.Options options = Toy.Options();
        options.BaseModel = LoraBaseModel.FromFolder(folder);
        options.FineTuning = LoraFineTuning.Full;
        options.LearningRate = 1e-3f;
        IDataView data = Toy.View(context);
        using LoraTransformer model = Toy.Train(context, options);
        Assert.Equal(model.Model.TotalParameters, model.Model.TrainableParameters);
        Assert.Equal((0, 0f), (model.Model.Rank, model.Model.Alpha));
        Assert.Empty(model.Model.AdaptedLayers);
        float[] scores = Toy.Scores(model.Transform(data));

        string zip = Path.Combine(_scratch, "full.zip"), again = Path.Combine(_scratch, "again.zip");
        context.Model.Save(model, data.Schema, zip);
        Directory.Delete(folder, recursive: true);
        using var loaded = (LoraTransformer)context.Model.Load(zip, out _);
        Assert.Equal(scores, Toy.Scores(loaded.Transform(data)));
        context.Model.Save(loaded, data.Schema, again);
        using var twice = (LoraTransformer)context.Model.Load(again, out _);
        Assert.Equal(scores, Toy.Scores(twice.Transform(data)));

        string merged = Path.Combine(_scratch, "merged");
        twice.Model.SaveMerged(merged);
        using WeightSource weights = BaseModelFiles.FromFolder(merged).OpenWeights();
        foreach ((string name, AdapterTensor tensor) in model.Model.Contents.Adapter.Tensors)
        {
            Assert.Equal(tensor.Values, weights.Find(name)!.ToArray());
        }
        Assert.Contains("SaveMerged writes it whole", Assert.Throws<InvalidOperationException>(
            () => model.Model.SavePeft(Path.Combine(_scratch, "adapter"))).Message);
    }

    [SkippableTheory]
    [InlineData("tiny-roberta")]
    [InlineData("tiny-distilbert")]
    [InlineData("tiny-electra")]
    [InlineData("tiny-mpnet")]
    [InlineData("tiny-modernbert")]
    [InlineData("tiny-deberta-v2")]
    public void Every_family_is_trained_in_full(string model)
    {
        var context = new MLContext(seed: 1);
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.BaseModel = LoraBaseModel.FromFolder(Shared.Require("models/tiny/" + model));
        options.FineTuning = LoraFineTuning.Full;
        IDataView data = Toy.View(context);
        using LoraTransformer trained = Toy.Train(context, options);
        Assert.Equal(trained.Model.TotalParameters, trained.Model.TrainableParameters);
        string zip = Path.Combine(_scratch, "model.zip");
        context.Model.Save(trained, data.Schema, zip);
        using var loaded = (LoraTransformer)context.Model.Load(zip, out _);
        Assert.Equal(Toy.Scores(trained.Transform(data)), Toy.Scores(loaded.Transform(data)));
    }

    [Fact]
    public void The_head_alone_is_trained_on_features_that_stay()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options();
        options.FineTuning = LoraFineTuning.HeadOnly;
        using LoraTransformer model = Toy.Train(new MLContext(seed: 1), options);
        Assert.Equal(HeadParameters, model.Model.TrainableParameters);
    }

    [Fact]
    public void Options_count_in_the_number_of_trained_parameters()
    {
        long all = Trained(_ => { });
        Assert.Equal(all - (2 * 6 * (2 * TinyBase.HiddenSize)), Trained(_changes["RankPattern"]));
        Assert.Equal((all - HeadParameters) / 2, Trained(_changes["LayersToTransform"]) - HeadParameters);
        Assert.Equal(all + (TinyBase.HiddenSize * (TinyBase.HiddenSize + 1)), Trained(_changes["ModulesToSave"]));
        Assert.Equal(all + (2 * ((5 * TinyBase.HiddenSize) + 64)), Trained(_changes["Bias.LoraOnly"]));
        Assert.Equal(all + (2 * ((5 * TinyBase.HiddenSize) + 64)), Trained(_changes["Dora"]));
    }

    [Fact]
    public void Starts_taken_out_of_the_base_come_back_as_plain_updates_of_twice_the_rank()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.Initialization = LoraInitialization.Pissa;
        using LoraTransformer model = Toy.Train(new MLContext(seed: 1), options);
        Assert.Equal((16, 32f), (model.Model.Rank, model.Model.Alpha));
        Assert.All(model.Model.AdaptedLayers, layer => Assert.Equal(16, layer.Rank));
    }

    [Fact]
    public void Batches_that_make_one_step_train_like_one_batch()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 2);
        options.LoraDropout = 0;
        options.BatchSize = 24;
        options.BaseDropout = false;
        float[] whole = Scores(options);
        options.BatchSize = 8;
        options.GradientAccumulation = 3;
        float[] parts = Scores(options);
        Assert.All(whole.Zip(parts), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Fact]
    public void Balanced_weights_are_those_of_the_classes_shares()
    {
        var context = new MLContext(seed: 1);
        IDataView data = Toy.View(context, [.. Toy.Rows(30).Where((row, i) => row.Label != "login" || i < 9)]);
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.ClassWeights = LoraClassWeights.Balanced;
        float[] balanced = Scores(context, options, data);
        options.ClassWeights = LoraClassWeights.ByLabel(
            new Dictionary<string, float> { ["refund"] = 23 / 30f, ["parcel"] = 23 / 30f, ["login"] = 23 / 9f });
        Assert.Equal(balanced, Scores(context, options, data));
        options.ClassWeights = LoraClassWeights.InOrder(23 / 30f, 23 / 30f, 23 / 9f);
        Assert.Equal(balanced, Scores(context, options, data));
    }

    [Fact]
    public void What_the_base_does_not_have_is_named()
    {
        Assert.Contains("bert.encoder.layer.0.attention.self.query", ErrorOf(options =>
            options.TargetModules = LoraTargetModules.Named("nothing")));
        string message = ErrorOf(options =>
        {
            options.LayersToTransform = [1, 2];
            options.RankPattern = new Dictionary<string, int> { ["quary"] = 2 };
            options.AlphaPattern = new Dictionary<string, float> { ["layer.9"] = 2 };
            options.Pooling = LoraPooling.Mean;
            options.ModulesToSave = ["pooler"];
            options.Initialization = LoraInitialization.Olora;
            options.Rank = 33;
        });
        Assert.Contains("LayersToTransform names 2, and its layers are 0 to 1", message);
        Assert.Contains("RankPattern has 'quary', which matches no adapted layer", message);
        Assert.Contains("AlphaPattern has 'layer.9'", message);
        Assert.Contains("ModulesToSave names pooler, and no module of the head belongs to the base model", message);
        Assert.Contains("Initialization Olora takes rank 33", message);
        Assert.Contains("ClassWeights has 2 weights for 3 classes: refund, parcel, login", ErrorOf(options =>
            options.ClassWeights = LoraClassWeights.InOrder(1, 2)));
        Assert.Contains("ClassWeights names what is no label: parcels", ErrorOf(options =>
            options.ClassWeights = LoraClassWeights.ByLabel(new Dictionary<string, float> { ["parcels"] = 2 })));
    }

    private static string ErrorOf(Action<LoraTextClassificationTrainer.Options> change)
    {
        LoraTextClassificationTrainer.Options options = Toy.Options();
        change(options);
        return Assert.Throws<ArgumentException>(() => Toy.Train(new MLContext(seed: 1), options)).Message;
    }

    private static void Penalise(LoraTextClassificationTrainer.Options options, LoraUpdatePenalty penalty) =>
        (options.UpdatePenalty, options.UpdatePenaltyStrength) = (penalty, 0.1f);

    private static long Trained(Action<LoraTextClassificationTrainer.Options> change)
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        change(options);
        using LoraTransformer model = Toy.Train(new MLContext(seed: 1), options);
        return model.Model.TrainableParameters;
    }

    private static float[] Scores(LoraTextClassificationTrainer.Options options)
    {
        var context = new MLContext(seed: 1);
        return Scores(context, options, Toy.View(context));
    }

    private static float[] Scores(MLContext context, LoraTextClassificationTrainer.Options options, IDataView data)
    {
        using LoraTransformer model = context.MulticlassClassification.Trainers.Lora(options).Fit(data);
        return Toy.Scores(model.Transform(data));
    }
}
