using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Optimization.Losses;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Providers;

/// <summary>The gradient of every trained tensor against differences of the loss along a random direction of that tensor.</summary>
/// <remarks>
/// Central differences with two steps and Richardson's extrapolation: what remains is the forward pass's single-precision noise over
/// the step, some 1e-5 of the loss.
/// </remarks>
public class GradientTests
{
    private const double Step = 0.01;
    private const double Tolerance = 4e-4;

    [SkippableTheory]
    [InlineData("tiny-bert")]
    [InlineData("tiny-roberta")]
    [InlineData("tiny-electra")]
    [InlineData("tiny-mpnet")]
    [InlineData("tiny-modernbert")]
    [InlineData("tiny-deberta-v2")]
    public void LowRankUpdatesAndHead(string model) => Check(Spec(model));

    // Differences stumble over the kinks of its head's ReLU.
    [SkippableFact]
    public void LowRankUpdatesOfDistilBert() => Check(Spec("tiny-distilbert") with
    {
        Head = new HeadSpec { Outputs = 3, Pooling = Pooling.FirstToken },
    });

    [SkippableTheory]
    [InlineData("tiny-bert")]
    [InlineData("tiny-roberta")]
    [InlineData("tiny-electra")]
    [InlineData("tiny-mpnet")]
    [InlineData("tiny-modernbert")]
    [InlineData("tiny-deberta-v2")]
    public void EveryTensorOfTheBase(string model) => Check(Spec(model) with { FineTuning = FineTuning.Full });

    [SkippableTheory]
    [InlineData("tiny-distilbert", 1)]
    [InlineData("tiny-mpnet", 3)]
    [InlineData("tiny-deberta-v2", 3)]
    public void EveryTensorOfTheBaseUnderAnotherHead(string model, int threads) => Check(Spec(model) with
    {
        FineTuning = FineTuning.Full,
        Head = new HeadSpec { Outputs = 3, Pooling = threads == 1 ? Pooling.FirstToken : Pooling.Mean },
        Threads = threads,
    });

    [SkippableFact]
    public void WithDropoutAndMeanPooling() => Check(Spec("tiny-bert") with
    {
        Adapter = new AdapterConfig { Rank = 3, Dropout = 0.2f, Bias = BiasTraining.All },
        Head = new HeadSpec { Outputs = 3, Pooling = Pooling.Mean, Dropout = 0.2f },
    });

    [SkippableFact]
    public void WithDropoutWhereOnlyFirstTokensAreRead() => Check(Spec("tiny-bert") with
    {
        Adapter = new AdapterConfig { Rank = 3, Dropout = 0.2f, ModulesToSave = ["pooler"] },
        Head = new HeadSpec { Outputs = 3, Dropout = 0.2f },
    });

    [SkippableTheory]
    [InlineData("tiny-bert", "Mean")]
    [InlineData("tiny-bert", "FamilyHead")]
    [InlineData("tiny-mpnet", "Mean")]
    [InlineData("tiny-deberta-v2", "FamilyHead")]
    public void WithTheDropoutOfTheBase(string model, string pooling) => Check(Spec(model) with
    {
        HiddenDropout = 0.2f,
        AttentionDropout = 0.2f,
        Head = new HeadSpec { Outputs = 3, Pooling = Enum.Parse<Pooling>(pooling) },
    });

    [SkippableFact]
    public void EveryTensorWithTheDropoutOfTheBase() => Check(Spec("tiny-bert") with
    {
        FineTuning = FineTuning.Full,
        HiddenDropout = 0.2f,
        AttentionDropout = 0.2f,
    });

    [SkippableTheory]
    [InlineData("query")]
    [InlineData("key")]
    [InlineData("value")]
    [InlineData("attention.output.dense")]
    [InlineData("intermediate.dense")]
    [InlineData("output.dense")]
    public void WhereTheBackwardPassStopsInsideALayer(string lowest) => Check(Spec("tiny-bert") with
    {
        Adapter = new AdapterConfig
        {
            Rank = 2,
            Dropout = 0,
            TargetModules = TargetModules.ByName(lowest),
            LayersToTransform = [1],
        },
    });

    [SkippableTheory]
    [InlineData("tiny-bert", "dense", false)]
    [InlineData("tiny-bert", "pooler.dense", true)]
    [InlineData("tiny-deberta-v2", "pooler.dense", false)]
    [InlineData("tiny-modernbert", "head.dense", true)]
    [InlineData("tiny-electra", "embeddings_project", false)]
    public void LayersBelowAndAboveTheEncoders(string model, string name, bool dora) => Check(
        Spec(model) with
        {
            Adapter = new AdapterConfig { Rank = 3, Dropout = 0.1f, TargetModules = TargetModules.ByName(name), UseDora = dora },
        },
        tensor => !dora || !tensor.Contains(".lora_A", StringComparison.Ordinal) && !tensor.Contains(".lora_B", StringComparison.Ordinal));

    [SkippableTheory]
    [InlineData("tiny-modernbert", "head")]
    [InlineData("tiny-deberta-v2", "pooler")]
    public void HeadsOfTheBaseTrainedInFull(string model, string module) => Check(
        Spec(model) with { Adapter = new AdapterConfig { Rank = 1, Dropout = 0, ModulesToSave = [module] } },
        name => name.StartsWith(module + ".", StringComparison.Ordinal));

    [SkippableFact]
    public void LengthsOfRows() => Check(
        Spec("tiny-bert") with { Adapter = new AdapterConfig { Rank = 2, Dropout = 0, UseDora = true } },
        name => name.EndsWith("magnitude_vector", StringComparison.Ordinal));

    [SkippableTheory]
    [InlineData("Factors")]
    [InlineData("Update")]
    [InlineData("NuclearNorm")]
    public void PenaltiesOnUpdates(string kind) => Check(
        Spec("tiny-bert") with { Penalty = new PenaltySpec(Enum.Parse<PenaltyKind>(kind), 0.3f) },
        name => name.Contains("layer.1.", StringComparison.Ordinal));

    [SkippableTheory]
    [InlineData(LossNames.Smoothed)]
    [InlineData(LossNames.Focal)]
    [InlineData(LossNames.Squared)]
    public void OtherLosses(string loss) => Check(Spec("tiny-bert") with
    {
        Head = new HeadSpec { Outputs = loss == LossNames.Squared ? 1 : 3 },
        Loss = loss switch
        {
            LossNames.Smoothed => new LossSpec { LabelSmoothing = 0.1f, ClassWeights = [1, 2, 0.5f] },
            LossNames.Focal => new LossSpec { Kind = LossKind.Focal, FocalGamma = 1.5f },
            _ => new LossSpec { Kind = LossKind.MeanSquaredError },
        },
    });

    [SkippableTheory]
    [InlineData("Mean")]
    [InlineData("FamilyHead")]
    public void PairsOfRows(string pooling) => Check(
        Spec("tiny-bert") with
        {
            Adapter = new AdapterConfig { Rank = 3, Dropout = 0.2f, ModulesToSave = pooling == "Mean" ? [] : ["pooler"] },
            Head = new HeadSpec { Outputs = 3, Pooling = Enum.Parse<Pooling>(pooling), Dropout = 0.2f },
            Penalty = new PenaltySpec(PenaltyKind.Factors, 0.01f),
            Threads = 2,
        },
        pairs: true);

    private static SessionSpec Spec(string model) => new()
    {
        Base = BaseModelFiles.FromFolder(Shared.Require("models/tiny/" + model)),
        Adapter = new AdapterConfig { Rank = 3, Dropout = 0 },
        Head = new HeadSpec { Outputs = 3 },
        Seed = 5,
        Threads = 1,
    };

    private static void Check(SessionSpec spec, Func<string, bool>? tested = null, bool pairs = false)
    {
        using var session = new ManagedSession(spec);
        PackedBatch batch = Batch();
        AdapterState start = Perturbed(session.Export());
        session.Import(start);
        AdapterState gradient = Differentiate().Gradient;
        foreach (string name in start.Names.Where(tested ?? (_ => true)))
        {
            float[] direction = Direction(name, start[name].Values.Length);
            double expected = ((4 * Difference(Step / 2)) - Difference(Step)) / 3;
            double actual = gradient[name].Values.Zip(direction, (g, d) => (double)g * d).Sum();
            Assert.True(
                Math.Abs(expected - actual) <= Tolerance * (1 + Math.Abs(expected)),
                $"{name}: differences give {expected:g6}, the backward pass {actual:g6}");

            double Difference(double step) => (LossAt(step) - LossAt(-step)) / (2 * step);

            double LossAt(double step)
            {
                AdapterState moved = start.Clone();
                moved[name] = new AdapterTensor(
                    start[name].Shape, [.. start[name].Values.Zip(direction, (v, d) => (float)(v + (step * d)))]);
                session.Import(moved);
                return Differentiate().Loss;
            }
        }

        (double Loss, AdapterState Gradient) Differentiate() =>
            pairs ? session.DifferentiatePairs(batch) : session.Differentiate(batch);
    }

    // B starts at zero, where A has no gradient.
    private static AdapterState Perturbed(AdapterState state)
    {
        foreach (string name in state.Names.Where(name => name.Contains("lora_B", StringComparison.Ordinal)).ToList())
        {
            new RandomStream(3, name).FillNormal(state[name].Values, 0.2);
        }

        return state;
    }

    // Of length 1, so that the step is the same for every tensor.
    private static float[] Direction(string name, int length)
    {
        var direction = new float[length];
        new RandomStream(4, name).FillNormal(direction, 1 / Math.Sqrt(length));
        return direction;
    }

    private static PackedBatch Batch()
    {
        EncodedExample[] examples = [.. Enumerable.Range(0, 5).Select(i => new EncodedExample
        {
            Ids = [.. Enumerable.Range(0, 2 + (3 * i)).Select(token => 3 + (((i * 131) + (token * 17)) % 900))],
            ClassIndex = i % 3,
            RealTarget = 0.3f * i,
            Weight = 1 + (i % 2),
        })];
        var batch = new PackedBatch();
        batch.Fill(examples, [.. Enumerable.Range(0, examples.Length)]);
        return batch;
    }

    private static class LossNames
    {
        public const string Smoothed = "smoothed cross-entropy";
        public const string Focal = "focal";
        public const string Squared = "squared error";
    }
}
