using Microsoft.ML.CommandLine;
using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>How a prediction engine binds to its classes.</summary>
public sealed class PredictionEngineOptions
{
    [Argument(ArgumentType.AtMostOnce,
        HelpText = "Whether to throw an error if a column exists in the output schema but not the output object.",
        ShortName = "ignore", SortOrder = 50)]
    public bool IgnoreMissingColumns = true;

    [Argument(ArgumentType.AtMostOnce, HelpText = "Additional settings of the input schema.", ShortName = "input",
        SortOrder = 50)]
    public SchemaDefinition InputSchemaDefinition;

    [Argument(ArgumentType.AtMostOnce, HelpText = "Additional settings of the output schema.", ShortName = "output")]
    public SchemaDefinition OutputSchemaDefinition;

    [Argument(ArgumentType.AtMostOnce,
        HelpText = "Whether the prediction engine owns the transformer and should dispose of it.", ShortName = "own")]
    public bool OwnsTransformer = true;
}
