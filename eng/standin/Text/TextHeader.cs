using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Names the slots of vector columns after the header's fields.</summary>
internal static class TextHeader
{
    /// <summary>The schema of the columns.</summary>
    public static DataViewSchema CreateSchema(
        TextColumn[] columns, string header, TextFormat format, IHost host)
    {
        var fields = new TextFields();
        if (header != null)
        {
            using var stats = new TextParseStats(host, 1, quiet: true);
            new TextFieldReader(format, stats, isHeader: true).Read(new TextLine("header", 1, header), fields);
        }

        var builder = new DataViewSchema.Builder();
        foreach (TextColumn column in columns)
        {
            builder.AddColumn(column.Name, column.Type, SlotNames(column, fields));
        }

        return builder.ToSchema();
    }

    private static DataViewSchema.Annotations SlotNames(TextColumn column, TextFields header)
    {
        if (header.Count == 0 || column.Size == 0)
        {
            return null;
        }

        VBuffer<ReadOnlyMemory<char>> names = default;
        var reader = new TextVectorReader<ReadOnlyMemory<char>>(
            column, new TextColumnReader<ReadOnlyMemory<char>>.Rules(null, default, default, false), null);
        reader.Read(header, 1);
        ((ValueGetter<VBuffer<ReadOnlyMemory<char>>>)reader.CreateGetter(() => true))(ref names);
        if (!column.IsVector || names.GetValues().IsEmpty)
        {
            return null;
        }

        var builder = new DataViewSchema.Annotations.Builder();
        bool dense = names.GetValues().Length >= column.Size / 2;
        ReadOnlyMemory<char>[] trimmed = [.. names.Items(all: dense).Select(name => name.Value.Trim())];
        names = new VBuffer<ReadOnlyMemory<char>>(
            column.Size, trimmed.Length, trimmed, dense ? null : names.GetIndices().ToArray());

        builder.AddSlotNames(
            column.Size, (ref VBuffer<ReadOnlyMemory<char>> value) => names.CopyTo(ref value));
        return builder.ToAnnotations();
    }
}
