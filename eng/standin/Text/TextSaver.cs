using System.Globalization;
using System.Text;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Writes the rows of a view as lines of text, with a header and the options that load them again.</summary>
internal sealed class TextSaver
{
    private readonly IHost _host;
    private readonly IChannel _channel;
    private readonly Layout _layout;

    public TextSaver(IHost host, IChannel channel, Layout layout)
    {
        _host = host;
        _channel = channel;
        _layout = layout;
    }

    /// <summary>Writes the columns of a view.</summary>
    public void Save(IDataView data, int[] columns, Stream stream)
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), -1, leaveOpen: true) { NewLine = "\n" };
        DataViewSchema.Column[] active = [.. columns.Select(index => data.Schema[index])];
        using DataViewRowCursor cursor = data.GetRowCursor(active);
        TextColumnWriter[] writers =
            [.. active.Select(column => TextColumnWriter.Create(_host, cursor, column, _layout.Separator))];
        WarnOfVariableColumns(writers);
        bool header = _layout.Header && writers.Any(column => column.HasNames);
        if (_layout.Schema)
        {
            WriteOptions(writer, writers, header);
        }

        var line = new TextLineWriter(_layout.Separator, _layout.ForceDense);
        if (header)
        {
            WriteHeader(writer, writers, line);
        }

        long rows = 0;
        int shortest = int.MaxValue;
        int longest = 0;
        while (cursor.MoveNext())
        {
            line.Clear();
            foreach (TextColumnWriter column in writers)
            {
                column.WriteRow(line);
            }

            writer.WriteLine(line.Finish());
            rows++;
            shortest = Math.Min(shortest, line.Length);
            longest = Math.Max(longest, line.Length);
        }

        if (rows == 0)
        {
            _channel.Warning(MessageSensitivity.None, "Wrote zero rows of data!");
            return;
        }

        string length = shortest >= longest ? $"{longest}" : $"{shortest} to {longest}";
        _channel.Info(
            MessageSensitivity.None,
            string.Create(CultureInfo.InvariantCulture, $"Wrote {rows} rows of length {length}"));
    }

    private void WarnOfVariableColumns(TextColumnWriter[] columns)
    {
        foreach (TextColumnWriter column in columns.SkipLast(1).Where(column => column.Size == null))
        {
            _channel.Warning(
                MessageSensitivity.Schema,
                $"Column '{column.Name}' is variable length, so it must be the last, or the file will be unreadable. " +
                $"Consider switching to binary format or use xf=Choose to make '{column.Name}' the last column.");
        }
    }

    private void WriteOptions(TextWriter writer, TextColumnWriter[] columns, bool header)
    {
        writer.WriteLine("#@ TextLoader{");
        if (header)
        {
            writer.WriteLine("#@   header+");
        }

        writer.WriteLine("#@   sep=" + TextLineWriter.SeparatorName(_layout.Separator));
        int index = 0;
        foreach (TextColumnWriter column in columns)
        {
            string range = column.Size switch
            {
                null => $"{index}-**",
                1 when !column.IsVector => $"{index}",
                int size => $"{index}-{index + size - 1}",
            };
            range = index < 0 ? "{ min=-1}" : range;
            bool plain = index >= 0 && !column.Name.AsSpan().ContainsAny(" \t\n{}=#,\"\\");
            string type = column.TypeName == "R4" ? "" : " type=" + column.TypeName;
            string name = column.Name.Replace("\\", "\\\\").Replace("\"", "\\\"");
            writer.WriteLine(plain
                ? $"#@   col={column.Name}:{column.TypeName}:{range}"
                : $"#@   col={{name={{{name}}}{type} src={range}}}");
            index = column.Size is int slots && index >= 0 ? index + slots : -1;
        }

        writer.WriteLine("#@ }");
    }

    private static void WriteHeader(TextWriter writer, TextColumnWriter[] columns, TextLineWriter line)
    {
        line.Clear();
        foreach (TextColumnWriter column in columns)
        {
            column.WriteHeader(line);
        }

        writer.WriteLine(line.Finish());
    }

    /// <summary>How the text looks.</summary>
    internal sealed record Layout(char Separator, bool Header, bool Schema, bool ForceDense);
}
