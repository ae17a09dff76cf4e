using Microsoft.ML.Data;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests;

/// <summary>Fitting end to end on a tiny base model.</summary>
public class LoraTextClassificationTrainerTests
{
    private readonly MLContext _context = new(seed: 1);

    [Fact]
    public void Fit_learns_the_toy_task_and_evaluates()
    {
        IDataView data = Toy.View(_context);
        using LoraTransformer model = Toy.Train(_context, Toy.Options(epochs: 12));
        MulticlassClassificationMetrics metrics = _context.MulticlassClassification.Evaluate(model.Transform(data));

        Assert.Equal(1, metrics.MicroAccuracy);
        Assert.True(metrics.LogLoss < 0.5, $"log-loss {metrics.LogLoss}");
        Assert.Equal(["refund", "parcel", "login"], model.Model.Labels);
        Assert.Equal(12, model.Model.History.Count);
        Assert.True(model.Model.History[^1].Loss < model.Model.History[0].Loss);
    }

    [Fact]
    public void Scores_are_probabilities()
    {
        using LoraTransformer model = Toy.Train(_context);
        foreach (float[] row in Toy.Scores(model.Transform(Toy.View(_context))).Chunk(3))
        {
            Assert.All(row, p => Assert.InRange(p, 0, 1));
            Assert.Equal(1, row.Sum(), 1e-6);
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits_at_one_and_at_two_threads()
    {
        LoraTextClassificationTrainer.Options two = Toy.Options();
        two.NumberOfThreads = 2;
        using LoraTransformer first = Toy.Train(_context);
        using LoraTransformer again = Toy.Train(_context);
        using LoraTransformer threaded = Toy.Train(_context, two);

        float[] expected = Toy.Scores(first.Transform(Toy.View(_context)));
        Assert.Equal(expected, Toy.Scores(again.Transform(Toy.View(_context))));
        Assert.Equal(expected, Toy.Scores(threaded.Transform(Toy.View(_context))));
    }

    [Fact]
    public void Recomputed_activations_give_the_same_bits()
    {
        LoraTextClassificationTrainer.Options again = Toy.Options();
        again.RecomputeActivations = true;
        using LoraTransformer first = Toy.Train(_context);
        using LoraTransformer recomputed = Toy.Train(_context, again);

        Assert.Equal(
            Toy.Scores(first.Transform(Toy.View(_context))), Toy.Scores(recomputed.Transform(Toy.View(_context))));
    }

    [Fact]
    public void The_contexts_seed_is_the_default()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.Seed = null;
        using LoraTransformer model = Toy.Train(new MLContext(seed: 42), options);
        using LoraTransformer same = Toy.Train(new MLContext(seed: 42), options);
        using LoraTransformer other = Toy.Train(new MLContext(seed: 43), options);

        float[] expected = Toy.Scores(model.Transform(Toy.View(_context)));
        Assert.Equal(42, model.Model.Seed);
        Assert.Equal(expected, Toy.Scores(same.Transform(Toy.View(_context))));
        Assert.NotEqual(expected, Toy.Scores(other.Transform(Toy.View(_context))));
    }

    [Fact]
    public void Missing_labels_and_empty_texts_are_fine()
    {
        List<Toy.Row> rows = Toy.Rows(30);
        rows[3].Label = null;
        rows[4].Label = "";
        rows[5].Text = null;
        rows[6].Text = "";
        var messages = new List<string>();
        _context.Log += (_, e) => messages.Add(e.RawMessage);
        using LoraTransformer model = _context.MulticlassClassification.Trainers
            .Lora(Toy.Options(epochs: 1)).Fit(Toy.View(_context, rows));

        Assert.Equal(2, model.Model.MissingLabels);
        Assert.Equal(28, model.Model.TrainingRows);
        Assert.Contains("Skipped 2 of 30 rows: their label is missing.", messages);
        Assert.Equal(90, Toy.Scores(model.Transform(Toy.View(_context, rows))).Length);
    }

    [Fact]
    public void Pairs_and_weights_are_read()
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 1);
        options.TextPairColumnName = "Pair";
        options.ExampleWeightColumnName = "Number";
        using LoraTransformer pairs = Toy.Train(_context, options);
        float[] scores = Toy.Scores(pairs.Transform(Toy.View(_context, 6)));
        Toy.Row row = Toy.Rows(6)[5];

        Assert.Equal(scores[15..18], pairs.Model.Score(row.Text, row.Pair));
        Assert.NotEqual(scores[15..18], pairs.Model.Score(row.Text, "thanks"));
    }

    [Fact]
    public void Cross_validation_and_a_cache_checkpoint_work()
    {
        IDataView data = _context.Data.LoadFromEnumerable(Toy.Rows(60));
        var chain = _context.Transforms.Conversion.MapValueToKey("Label")
            .AppendCacheCheckpoint(_context)
            .Append(_context.MulticlassClassification.Trainers.Lora(Toy.Options(epochs: 8)));
        var results = _context.MulticlassClassification.CrossValidate(data, chain, numberOfFolds: 3);

        Assert.Equal(3, results.Count);
        Assert.All(results, result => Assert.True(result.Metrics.MicroAccuracy > 0.8));
    }
}
