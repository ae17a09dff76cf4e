using System.Collections.Concurrent;
using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tokenization;

namespace Microsoft.ML.Lora.Tasks;

/// <summary>A trained model ready to answer: texts in, class probabilities out. Safe for several threads at once.</summary>
internal sealed class TextClassifier(TextEncoder encoder, ManagedScorer scorer, int classes, int maxTokens) : IDisposable
{
    // Enough tokens to keep every core busy, few enough that the activations stay small.
    private const int TokensPerBatch = 4096;

    private readonly ConcurrentBag<Desk> _desks = [];

    /// <summary>Number of classes.</summary>
    public int Classes { get; } = classes;

    /// <summary>Turns a text, or a pair, into a row to score.</summary>
    public EncodedExample Encode(string text, string? pair)
    {
        TokenizedText tokens = encoder.Encode(text, pair, maxTokens);
        return new EncodedExample { Ids = tokens.Ids, TypeIds = tokens.TypeIds };
    }

    /// <summary>Scores one text, or a pair, without allocating; the result is that of <see cref="Encode"/> and a batch.</summary>
    /// <param name="text">The text.</param>
    /// <param name="pair">The second text, or null.</param>
    /// <param name="probabilities">Receives [classes].</param>
    public void Score(string text, string? pair, Span<float> probabilities)
    {
        Desk desk = TakeDesk();
        encoder.Encode(text, pair, maxTokens, desk.Tokens);
        desk.Batch.Fill(desk.Tokens.Ids, desk.Tokens.TypeIds);
        scorer.Score(desk.Batch, probabilities[..Classes]);
        Probabilities.FromLogits(probabilities[..Classes]);
        _desks.Add(desk);
    }

    /// <summary>Scores rows together, texts of like length beside each other; a row's result depends on the row alone.</summary>
    /// <param name="rows">The encoded texts.</param>
    /// <param name="probabilities">Receives [rows, classes]; may be longer.</param>
    public void Score(IReadOnlyList<EncodedExample> rows, Span<float> probabilities)
    {
        int[] order = [.. Enumerable.Range(0, rows.Count).OrderBy(i => rows[i].Ids.Length)];
        Desk desk = TakeDesk();
        PackedBatch batch = desk.Batch;
        var logits = new float[Math.Min(rows.Count, TokensPerBatch) * Classes];
        for (int first = 0; first < order.Length;)
        {
            int count = CountOfBatch(rows, order, first);
            ReadOnlySpan<int> indices = order.AsSpan(first, count);
            batch.Fill(rows, indices);
            Span<float> scored = logits.AsSpan(0, count * Classes);
            scorer.Score(batch, scored);
            for (int i = 0; i < count; i++)
            {
                Span<float> row = scored.Slice(i * Classes, Classes);
                Probabilities.FromLogits(row);
                row.CopyTo(probabilities.Slice(indices[i] * Classes, Classes));
            }
            first += count;
        }
        _desks.Add(desk);
    }

    public void Dispose() => scorer.Dispose();

    private Desk TakeDesk() => _desks.TryTake(out Desk? desk) ? desk : new Desk();

    private static int CountOfBatch(IReadOnlyList<EncodedExample> rows, int[] order, int first)
    {
        int count = 0, tokens = 0;
        while (first + count < order.Length)
        {
            tokens += rows[order[first + count]].Ids.Length;
            if (count > 0 && tokens > TokensPerBatch)
            {
                break;
            }
            count++;
        }
        return count;
    }

    /// <summary>What one call works with.</summary>
    private sealed class Desk
    {
        public PackedBatch Batch { get; } = new();

        public TypedTokens Tokens { get; } = new();
    }
}
