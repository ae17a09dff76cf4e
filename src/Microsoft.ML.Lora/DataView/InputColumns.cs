using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Kind = Microsoft.ML.SchemaShape.Column.VectorKind;

namespace Microsoft.ML.Lora.DataView;

/// <summary>The columns a trainer reads, found and checked in ML.NET's words.</summary>
/// <param name="Text">Name of the text column.</param>
/// <param name="TextPair">Name of the second text column of a pair, or null.</param>
/// <param name="Label">Name of the label column.</param>
/// <param name="Weight">Name of the column of example weights, or null.</param>
internal sealed record InputColumns(string Text, string? TextPair, string Label, string? Weight)
{
    private const string Parameter = "inputSchema";
    private const string LabelParameter = "labelCol";
    private const string KeyAdvice =
        "Key<UInt32> (put mlContext.Transforms.Conversion.MapValueToKey(\"{0}\") before the trainer)";

    /// <summary>Checks the columns in a schema's shape.</summary>
    /// <returns>The label's shape.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    public SchemaShape.Column Check(IExceptionContext context, SchemaShape shape)
    {
        CheckText(context, shape);
        SchemaShape.Column label = Find(context, shape, LabelParameter, "label", Label);
        if (label.Kind != Kind.Scalar || !label.IsKey)
        {
            throw MLNetAccess.WrongColumnType(
                context, LabelParameter, "label", Label, LabelAdvice(label), MLNetAccess.TypeName(label));
        }
        if (Weight is not null)
        {
            Require(context, shape, "weight", Weight, NumberDataViewType.Single);
        }
        return label;
    }

    /// <summary>Checks the text columns alone, as scoring needs them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    public void CheckText(IExceptionContext context, SchemaShape shape)
    {
        Require(context, shape, "text", Text, TextDataViewType.Instance);
        if (TextPair is not null)
        {
            Require(context, shape, "text pair", TextPair, TextDataViewType.Instance);
        }
    }

    private static void Require(
        IExceptionContext context, SchemaShape shape, string role, string name, DataViewType type)
    {
        SchemaShape.Column column = Find(context, shape, Parameter, role, name);
        if (column.Kind != Kind.Scalar || column.IsKey || !column.ItemType.Equals(type))
        {
            throw MLNetAccess.WrongColumnType(
                context, Parameter, role, name, type.ToString()!, MLNetAccess.TypeName(column));
        }
    }

    private static SchemaShape.Column Find(
        IExceptionContext context, SchemaShape shape, string parameter, string role, string name) =>
        MLNetAccess.FindColumn(shape, name) ?? throw MLNetAccess.MissingColumn(context, parameter, role, name);

    private string LabelAdvice(SchemaShape.Column label)
    {
        string key = string.Format(null, KeyAdvice, Label);
        if (label.Kind != Kind.Scalar)
        {
            return key;
        }
        return label.ItemType switch
        {
            BooleanDataViewType => key + ", or for yes/no labels a trainer of mlContext.BinaryClassification",
            NumberDataViewType => key + ", or for amounts a trainer of mlContext.Regression",
            _ => key,
        };
    }
}
