using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Tensors;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Models;

/// <summary>States of frozen layers: kept for the same layers and rows, forgotten for others.</summary>
public sealed class FrozenPrefixTests : IDisposable
{
    private const int Width = 4;

    private readonly object[] _examples = ["first", "second"];
    private readonly FrozenPrefix _prefix = new();
    private readonly Pass _pass = new();
    private readonly AlignedBuffer _states = new(5 * Width);

    public void Dispose()
    {
        _prefix.Dispose();
        _pass.Dispose();
        _states.Dispose();
    }

    [Fact]
    public void States_of_the_same_layers_are_kept()
    {
        Store(layers: 2, firstTokens: false);
        _prefix.Cover(2, firstTokens: false);
        Matrix states = _pass.Workspace.Rent(5, Width);
        Assert.True(_prefix.TryRead(_pass, states));
        Assert.Equal(_states.Span.ToArray(), states.Span.ToArray());
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    [InlineData(0, false)]
    public void States_of_others_are_forgotten(int layers, bool firstTokens)
    {
        Store(layers: 2, firstTokens: false);
        _prefix.Cover(layers, firstTokens);
        _prefix.Cover(2, firstTokens: false);
        Assert.False(_prefix.TryRead(_pass, _pass.Workspace.Rent(5, Width)));
        Store(layers: 2, firstTokens: false);
        Assert.True(_prefix.TryRead(_pass, _pass.Workspace.Rent(5, Width)));
    }

    // Sequences of 2 and 3 tokens.
    private void Store(int layers, bool firstTokens)
    {
        new RandomStream(1, "states").FillNormal(_states.Span, 1);
        _pass.Load(new int[5], new int[5], [0, 2, 5], _examples, [0, 1]);
        _prefix.Cover(layers, firstTokens);
        _prefix.Store(_pass, _states.AsMatrix(5, Width));
    }
}
