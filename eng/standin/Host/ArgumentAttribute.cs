namespace Microsoft.ML.CommandLine;

/// <summary>Describes a field of an options class.</summary>
[AttributeUsage(AttributeTargets.Field)]
internal class ArgumentAttribute : Attribute
{
    public ArgumentAttribute(ArgumentType type)
    {
        Type = type;
        SortOrder = 150;
    }

    public ArgumentType Type { get; }

    public string Name { get; set; }

    public string ShortName { get; set; }

    public string HelpText { get; set; }

    public bool Hide { get; set; }

    public double SortOrder { get; set; }

    public bool IsInputFileName { get; set; }

    public VisibilityType Visibility { get; set; }

    /// <summary>Where an argument is offered.</summary>
    public enum VisibilityType
    {
        Everywhere = 0,
        CmdLineOnly = 1,
        EntryPointsOnly = 2,
    }
}

/// <summary>How often an argument may or must occur.</summary>
[Flags]
internal enum ArgumentType
{
    AtMostOnce = 0x00,
    Required = 0x01,
    Unique = 0x02,
    Multiple = 0x04,
    LastOccurrenceWins = Multiple,
    MultipleUnique = Multiple | Unique,
}
