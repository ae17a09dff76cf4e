using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary><see cref="LoraRank.Auto"/>: every layer gets a rank, the same ones for a seed, and the model is one like any other.</summary>
public sealed class RankChoiceTests : IDisposable
{
    private readonly MLContext _context = new(seed: 1);
    private readonly string _scratch = Directory.CreateTempSubdirectory("ranks-").FullName;

    public void Dispose() => Directory.Delete(_scratch, recursive: true);

    [Theory]
    [InlineData(LoraFormulation.Lora, LoraInitialization.Kaiming, LoraScaling.Standard)]
    [InlineData(LoraFormulation.Dora, LoraInitialization.Orthogonal, LoraScaling.RankStabilized)]
    [InlineData(LoraFormulation.Lora, LoraInitialization.Pissa, LoraScaling.Standard)]
    public void Ranks_are_chosen_and_the_model_saves_and_scores(
        LoraFormulation formulation, LoraInitialization initialization, LoraScaling scaling)
    {
        LoraTextClassificationTrainer.Options options = Options();
        (options.Formulation, options.Initialization, options.Scaling) = (formulation, initialization, scaling);
        IDataView data = Toy.View(_context);
        using LoraTransformer model = Toy.Train(_context, options);
        Assert.All(model.Model.AdaptedLayers, layer =>
            Assert.InRange(layer.Rank, 1, Math.Min(layer.InputSize, layer.OutputSize)));
        Assert.Contains(model.Model.AdaptedLayers, layer => layer.Rank < 32);

        string zip = Path.Combine(_scratch, "model.zip");
        _context.Model.Save(model, data.Schema, zip);
        using var loaded = (LoraTransformer)_context.Model.Load(zip, out _);
        Assert.Equal(Toy.Scores(model.Transform(data)), Toy.Scores(loaded.Transform(data)));
    }

    [Fact]
    public void A_seed_gives_the_same_ranks_at_any_number_of_threads()
    {
        LoraTextClassificationTrainer.Options options = Options();
        IDataView data = Toy.View(_context);
        using LoraTransformer one = Toy.Train(_context, options);
        options.NumberOfThreads = 3;
        using LoraTransformer three = Toy.Train(_context, options);
        Assert.Equal(one.Model.AdaptedLayers, three.Model.AdaptedLayers);
        Assert.Equal(Toy.Scores(one.Transform(data)), Toy.Scores(three.Transform(data)));
    }

    [Fact]
    public void It_is_rank_32_cut_to_the_directions_that_hold_its_energy()
    {
        var messages = new List<string>();
        _context.Log += (_, e) => messages.Add(e.RawMessage);
        LoraTextClassificationTrainer.Options options = Options();
        IDataView data = Toy.View(_context);
        using LoraTransformer chosen = Toy.Train(_context, options);
        options.Rank = 32;
        using LoraTransformer whole = Toy.Train(_context, options);
        using LoraTransformer cut = whole.TruncateToEnergy(0.99);

        Assert.Equal(cut.Model.AdaptedLayers, chosen.Model.AdaptedLayers);
        Assert.Equal(Toy.Scores(cut.Transform(data)), Toy.Scores(chosen.Transform(data)));
        Assert.Equal(whole.Model.History.Select(epoch => epoch.Loss), chosen.Model.History.Select(epoch => epoch.Loss));
        int[] ranks = [.. chosen.Model.AdaptedLayers.Select(layer => layer.Rank)];
        Assert.True(ranks.Max() < 32);
        Assert.Contains(messages, message => message.StartsWith(
            $"Ranks {ranks.Min()} to {ranks.Max()} keep 99% of what the updates learned at rank 32, in ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_report_of_what_it_costs_is_that_of_rank_32()
    {
        LoraTextClassificationTrainer.Options options = Options();
        LoraParameterReport chosen = LoraParameterReport.For(options, classes: 3);
        options.Rank = 32;
        Assert.Equal(LoraParameterReport.For(options, classes: 3).TrainableParameters, chosen.TrainableParameters);
    }

    [Fact]
    public void Going_on_from_a_model_keeps_its_ranks()
    {
        LoraTextClassificationTrainer.Options options = Options();
        using LoraTransformer first = Toy.Train(_context, options);
        using LoraTransformer cut = first.TruncateToEnergy(0.5);
        using LoraTransformer second =
            _context.MulticlassClassification.Trainers.Lora(options).Fit(Toy.View(_context), cut);
        Assert.Equal(cut.Model.AdaptedLayers, second.Model.AdaptedLayers);
    }

    [Fact]
    public void Ranks_of_ones_own_contradict_it()
    {
        LoraTextClassificationTrainer.Options options = Options();
        options.RankPattern = new Dictionary<string, int> { ["query"] = 2 };
        Assert.Contains("Rank is Auto, which gives every layer its rank", ErrorOf(options));
        options = Options();
        options.FineTuning = LoraFineTuning.Full;
        Assert.Contains("no low-rank updates for Rank", ErrorOf(options));
    }

    [Fact]
    public void A_rank_is_a_number_or_auto()
    {
        LoraRank eight = 8;
        Assert.Equal((8, false, "8"), (eight.Value, eight.IsAuto, eight.ToString()));
        Assert.Equal((0, true, "Auto"), (LoraRank.Auto.Value, LoraRank.Auto.IsAuto, LoraRank.Auto.ToString()));
        Assert.True(eight == 8 && eight != LoraRank.Auto && !eight.Equals((LoraRank)0));
        Assert.NotEqual<LoraRank>(0, LoraRank.Auto);
        Assert.Contains("Rank is 0, not 1 to 4096", ErrorOf(new LoraTextClassificationTrainer.Options { Rank = default }));
    }

    private static LoraTextClassificationTrainer.Options Options()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options();
        options.Rank = LoraRank.Auto;
        return options;
    }

    private string ErrorOf(LoraTextClassificationTrainer.Options options) =>
        Assert.Throws<ArgumentException>(() => _context.MulticlassClassification.Trainers.Lora(options)).Message;
}
