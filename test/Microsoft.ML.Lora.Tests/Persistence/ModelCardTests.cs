using Microsoft.ML.Lora.Persistence;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Persistence;

/// <summary>Texts in the lines of Python that a card shows.</summary>
public class ModelCardTests
{
    [Theory]
    [InlineData("refund", "\"refund\"")]
    [InlineData("café 😀", "\"café 😀\"")]
    [InlineData("say \"no\"", "\"say \\\"no\\\"\"")]
    [InlineData("a\\uD83D", "\"a\\\\uD83D\"")]
    [InlineData("two\nlines\u007f", "\"two\\x0alines\\x7f\"")]
    public void A_label_is_the_same_text_in_Python(string label, string expected) =>
        Assert.Equal(expected, ModelCard.Quoted(label));
}
