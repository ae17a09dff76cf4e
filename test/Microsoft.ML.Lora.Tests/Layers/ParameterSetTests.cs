using Microsoft.ML.Lora.Layers;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Layers;

public class ParameterSetTests
{
    [Fact]
    public void ParametersLieSideBySideOnCacheLines()
    {
        using var parameters = new ParameterSet();
        Parameter matrix = parameters.Add("m.weight", ParameterRole.Weight, 3, 5);
        Parameter vector = parameters.Add("m.bias", ParameterRole.Bias, 7);
        Assert.Equal(22, parameters.Count);
        Assert.Equal(0, matrix.Offset);
        Assert.Equal(16, vector.Offset);
        Assert.Equal(32, parameters.Length);
        matrix.Value.Span.Fill(1);
        vector.Value.Span.Fill(2);
        Assert.Equal((3, 5, 1, 7), (matrix.Value.Rows, matrix.Value.Columns, vector.Value.Rows, vector.Value.Columns));
        Assert.Equal(15 + 14, parameters.Values.Span.ToArray().Sum());
    }

    [Fact]
    public void NothingIsAddedOnceTheyAreLaidOut()
    {
        using var parameters = new ParameterSet();
        _ = parameters.Add("a", ParameterRole.Weight, 2, 2).Value;
        Assert.Throws<InvalidOperationException>(() => parameters.Add("b", ParameterRole.Weight, 2, 2));
    }
}
