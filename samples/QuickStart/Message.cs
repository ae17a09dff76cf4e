namespace QuickStart;

/// <summary>A row of the data: a text and the class it belongs to.</summary>
public sealed class Message
{
    public string Label { get; set; } = string.Empty;

    public string Text { get; set; } = string.Empty;
}
