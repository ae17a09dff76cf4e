using System.Collections.Concurrent;

namespace Microsoft.ML.Lora.Tokenization.Normalizers;

/// <summary>Several normalizers, one after the other.</summary>
internal sealed class SequenceNormalizer(IReadOnlyList<ITextNormalizer> normalizers) : ITextNormalizer
{
    private readonly ConcurrentBag<(CharBuffer, CharBuffer)> _buffers = [];

    /// <inheritdoc/>
    public void Normalize(ReadOnlySpan<char> text, CharBuffer output)
    {
        if (normalizers.Count == 0)
        {
            output.Append(text);
            return;
        }

        if (!_buffers.TryTake(out var buffers))
        {
            buffers = (new CharBuffer(), new CharBuffer());
        }

        var (current, next) = buffers;
        for (var i = 0; i < normalizers.Count - 1; i++)
        {
            next.Clear();
            normalizers[i].Normalize(i == 0 ? text : current.Span, next);
            (current, next) = (next, current);
        }

        normalizers[^1].Normalize(normalizers.Count == 1 ? text : current.Span, output);
        _buffers.Add(buffers);
    }
}
