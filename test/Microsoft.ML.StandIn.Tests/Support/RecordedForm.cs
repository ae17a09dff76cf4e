using Microsoft.ML.Data;

namespace Microsoft.ML.StandIn.Tests.Support;

/// <summary>Schemas as objects that serialize to their recorded form.</summary>
internal static class RecordedForm
{
    public static object Of(DataViewSchema.Column column) => new
    {
        index = column.Index,
        name = column.Name,
        isHidden = column.IsHidden,
        type = column.Type is KeyDataViewType key
            ? new { text = $"{key}", @class = key.GetType().Name, rawType = RawType(key), keyCount = key.Count }
            : (object)new
            {
                text = $"{column.Type}",
                @class = column.Type.GetType().Name,
                rawType = RawType(column.Type),
            },
        annotations = column.Annotations.Schema.Select(annotation => new
        {
            kind = annotation.Name,
            type = $"{annotation.Type}",
            value = ValueText.PrintAnnotation(column.Annotations, annotation),
        }),
    };

    private static string RawType(DataViewType type) => TypeText.Print(type.RawType);
}
