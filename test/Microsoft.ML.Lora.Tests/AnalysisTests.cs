using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>What a user sees of a training's updates: their costs, their singular values, and smaller models made of them.</summary>
public sealed class AnalysisTests : IDisposable
{
    private const int Hidden = TinyBase.HiddenSize;
    private const int Wide = 64;
    private const int LinearNumbers = 2 * ((4 * Hidden * Hidden) + (2 * Hidden * Wide));
    private const int SidesSum = 2 * ((4 * 2 * Hidden) + (2 * (Hidden + Wide)));

    private readonly MLContext _context = new(seed: 1);
    private readonly string _scratch = Directory.CreateTempSubdirectory("analysis-").FullName;

    public void Dispose() => Directory.Delete(_scratch, recursive: true);

    [Fact]
    public void The_report_before_training_is_that_of_the_trained_model()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.RankPattern = new Dictionary<string, int> { ["query"] = 2 };
        options.Formulation = LoraFormulation.Dora;
        LoraParameterReport before = LoraParameterReport.For(options, classes: 3);
        using LoraTransformer model = Toy.Train(_context, options);
        LoraParameterReport after = model.Model.ReportParameters();
        Assert.Equal(before.Layers.OrderBy(layer => layer.Name, StringComparer.Ordinal), after.Layers);
        Assert.Equal(before.ToString().Length, after.ToString().Length);
        Assert.Equal(
            (before.BaseParameters, before.TrainableParameters, before.OptimizerBytes, before.ExtraFlops),
            (after.BaseParameters, after.TrainableParameters, after.OptimizerBytes, after.ExtraFlops));
        Assert.Equal(model.Model.TrainableParameters, after.TrainableParameters);
    }

    [Fact]
    public void The_report_counts_what_a_rank_costs()
    {
        LoraParameterReport report = LoraParameterReport.For(Toy.Options(), classes: 3);
        Assert.Equal(12, report.Layers.Count);
        Assert.Equal(LinearNumbers, report.Layers.Sum(layer => layer.BaseParameters));
        Assert.Equal(8 * SidesSum, report.UpdateParameters);
        Assert.Equal(3 * (Hidden + 1), report.OtherTrainableParameters);
        Assert.Equal(8 * report.TrainableParameters, report.OptimizerBytes);
        Assert.Equal(4 * report.TrainableParameters, report.FileBytes);
        Assert.Equal(8.0 * SidesSum / LinearNumbers, report.ExtraFlops, 12);

        LoraRankCost cost = report.Cost(3);
        Assert.Equal(new LoraRankCost(3, 3 * SidesSum, 24 * SidesSum, 12 * SidesSum, 3.0 * SidesSum / LinearNumbers), cost);
        Assert.Contains("bert.encoder.layer.1.output.dense", report.ToString());
        Assert.Contains("extra FLOPs", report.ToString());
    }

    [Theory]
    [InlineData(LoraOptimizer.Sgd)]
    [InlineData(LoraOptimizer.Adafactor)]
    public void The_report_knows_what_optimizers_remember(LoraOptimizer optimizer)
    {
        LoraTextClassificationTrainer.Options options = Toy.Options();
        options.Optimizer = optimizer;
        LoraParameterReport report = LoraParameterReport.For(options, classes: 3);
        long perLayer = report.Layers.Sum(layer => 8L * (layer.InputSize + layer.OutputSize + 16));
        Assert.Equal(
            optimizer == LoraOptimizer.Sgd ? 4 * report.TrainableParameters : perLayer + (8 * report.OtherTrainableParameters),
            report.OptimizerBytes);
    }

    [Fact]
    public void Without_updates_the_report_has_no_layers()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options();
        options.FineTuning = LoraFineTuning.Full;
        LoraParameterReport full = LoraParameterReport.For(options, classes: 3);
        Assert.Empty(full.Layers);
        Assert.Equal(full.BaseParameters + (3 * (Hidden + 1)), full.TrainableParameters);
        options.FineTuning = LoraFineTuning.HeadOnly;
        Assert.Equal(3 * (Hidden + 1), LoraParameterReport.For(options, classes: 3).TrainableParameters);
    }

    [Fact]
    public void The_analysis_adds_up()
    {
        using LoraTransformer model = Toy.Train(_context);
        LoraAnalysis analysis = model.Model.Analyze();
        Assert.Equal(model.Model.AdaptedLayers.Select(layer => (layer.Name, layer.Rank)),
            analysis.Layers.Select(layer => (layer.Name, layer.Rank)));
        Assert.All(analysis.Layers, layer =>
        {
            Assert.True(layer.Norm > 0 && layer.BaseNorm > 0);
            Assert.Equal(layer.SingularValues.OrderDescending(), layer.SingularValues);
            Assert.InRange(layer.EffectiveRank, 1, 8);
            Assert.Equal(0, layer.EnergyKept(0));
            Assert.Equal(1, layer.EnergyKept(8), 9);
            Assert.True(layer.EnergyKept(layer.RankForEnergy(0.9)) >= 0.9);
        });
        Assert.Equal(1, analysis.EnergyKept(8), 9);
        Assert.InRange(analysis.EnergyKept(1), 0.1, 1);
        Assert.Equal(analysis.Layers.Max(layer => layer.RelativeNorm), analysis.MostChanged(1).Single().RelativeNorm);
        Assert.Contains(analysis.MostChanged(1).Single().Name, analysis.ToString());
    }

    [Fact]
    public void A_whole_cut_changes_nothing_and_a_small_one_saves_and_scores()
    {
        using LoraTransformer model = Toy.Train(_context);
        IDataView data = Toy.View(_context);
        float[] scores = Toy.Scores(model.Transform(data));
        using LoraTransformer same = model.TruncateTo(100);
        Assert.All(Toy.Scores(same.Transform(data)).Zip(scores), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));

        using LoraTransformer small = model.TruncateTo(2);
        Assert.All(small.Model.AdaptedLayers, layer => Assert.Equal(2, layer.Rank));
        Assert.Equal(2 * SidesSum, small.Model.ReportParameters().UpdateParameters);
        Assert.Equal(model.Model.TotalParameters - (6 * SidesSum), small.Model.TotalParameters);
        Reload(small, data);
    }

    [Fact]
    public void A_cut_by_energy_gives_layers_ranks_of_their_own()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options();
        options.AlphaPattern = new Dictionary<string, float> { ["query"] = 5 };
        options.Scaling = LoraScaling.RankStabilized;
        using LoraTransformer model = Toy.Train(_context, options);
        using LoraTransformer small = model.TruncateToEnergy(0.8);
        Assert.Equal(model.Model.Analyze().Layers.Select(layer => layer.RankForEnergy(0.8)),
            small.Model.AdaptedLayers.Select(layer => layer.Rank));
        Assert.True(small.Model.AdaptedLayers.Select(layer => layer.Rank).Distinct().Count() > 1);
        Assert.All(small.Model.Analyze().Layers.Zip(model.Model.Analyze().Layers), pair =>
        {
            for (int i = 0; i < pair.First.Rank; i++)
            {
                Assert.Equal(pair.Second.SingularValues[i], pair.First.SingularValues[i], 1e-4 * pair.Second.SingularValues[0]);
            }
        });
        Reload(small, Toy.View(_context));
    }

    [Fact]
    public void A_model_without_updates_says_so()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.FineTuning = LoraFineTuning.HeadOnly;
        using LoraTransformer model = Toy.Train(_context, options);
        Assert.Throws<InvalidOperationException>(model.Model.Analyze);
        Assert.Throws<InvalidOperationException>(() => model.TruncateTo(1));
        Assert.Empty(model.Model.ReportParameters().Layers);
    }

    private void Reload(LoraTransformer model, IDataView data)
    {
        string zip = Path.Combine(_scratch, "model.zip");
        _context.Model.Save(model, data.Schema, zip);
        using var loaded = (LoraTransformer)_context.Model.Load(zip, out _);
        Assert.Equal(Toy.Scores(model.Transform(data)), Toy.Scores(loaded.Transform(data)));
        Assert.Equal(model.Model.AdaptedLayers, loaded.Model.AdaptedLayers);
    }
}
