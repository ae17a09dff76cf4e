using Microsoft.ML;
using Microsoft.ML.Data;

namespace QuickStart;

/// <summary>A TSV or CSV file with a header, one of whose columns is the text and one the class.</summary>
internal sealed record DataFile(string FilePath, char Separator, int TextIndex, int LabelIndex)
{
    private const int TestEvery = 5;

    /// <summary>The rows to train on and the rows to measure with.</summary>
    public static (IDataView Train, IDataView Test) LoadBoth(MLContext mlContext, Settings settings)
    {
        DataFile data = Open(settings.Data, settings);
        IDataView rows = data.Load(mlContext);
        Message[] messages = [.. mlContext.Data.CreateEnumerable<Message>(rows, reuseRowObject: false)];
        data.CheckLabels([.. messages.Select(message => message.Label).Where(label => !string.IsNullOrEmpty(label))]);
        return settings.Test is null
            ? data.KeepBack(mlContext, messages, settings.Seed)
            : (rows, Open(settings.Test, settings).Load(mlContext));
    }

    /// <summary>Some rows, evenly spread over all of them.</summary>
    public static IEnumerable<Message> Pick(MLContext mlContext, IDataView rows, int count)
    {
        Message[] all = [.. mlContext.Data.CreateEnumerable<Message>(rows, reuseRowObject: false)];
        count = Math.Min(count, all.Length);
        return Enumerable.Range(0, count).Select(i => all[(int)((long)i * all.Length / count)]);
    }

    // Class by class, so that a rare class has rows in both parts.
    private (IDataView Train, IDataView Test) KeepBack(MLContext mlContext, Message[] messages, int seed)
    {
        new Random(seed).Shuffle(messages);
        ILookup<bool, Message> parts = messages
            .GroupBy(message => message.Label)
            .SelectMany(group => group.Select((message, i) => (message, IsTest: i % TestEvery == TestEvery - 1)))
            .ToLookup(row => row.IsTest, row => row.message);
        return parts[true].Any()
            ? (mlContext.Data.LoadFromEnumerable(parts[false]), mlContext.Data.LoadFromEnumerable(parts[true]))
            : throw new UserErrorException(
                $"{FilePath} has no class with {TestEvery} rows, so none can be kept back to measure with: name a file with --test.");
    }

    private static DataFile Open(string path, Settings settings)
    {
        if (!File.Exists(path))
        {
            throw new UserErrorException($"There is no file {Path.GetFullPath(path)}.");
        }
        string? header = File.ReadLines(path).FirstOrDefault();
        if (string.IsNullOrWhiteSpace(header))
        {
            throw new UserErrorException($"{path} is empty: it needs a header with the columns' names, and rows below it.");
        }
        char separator = header.Contains('\t') ? '\t' : header.Count(c => c == ';') > header.Count(c => c == ',') ? ';' : ',';
        string[] columns = SplitHeader(header, separator);
        int text = Find(path, columns, settings.TextColumn, "--text");
        int label = Find(path, columns, settings.LabelColumn, "--label");
        return text != label
            ? new DataFile(path, separator, text, label)
            : throw new UserErrorException($"--text and --label both name the column '{columns[text]}' of {path}.");
    }

    // In a CSV file a column's name may hold the separator between quotation marks.
    private static string[] SplitHeader(string header, char separator)
    {
        List<string> columns = [string.Empty];
        bool isQuoted = false;
        foreach (char c in header)
        {
            isQuoted ^= c == '"';
            if (c == separator && !isQuoted)
            {
                columns.Add(string.Empty);
            }
            else
            {
                columns[^1] += c;
            }
        }
        return [.. columns.Select(column => column.Trim().Trim('"'))];
    }

    private static int Find(string path, string[] columns, string name, string option)
    {
        int index = Array.FindIndex(columns, column => column.Equals(name, StringComparison.OrdinalIgnoreCase));
        return index >= 0
            ? index
            : throw new UserErrorException(
                $"{path} has no column '{name}' but {string.Join(", ", columns.Select(column => $"'{column}'"))}: " +
                $"say which with {option} NAME.");
    }

    // A quotation mark is text in a TSV file, where tabs need no protection, and a fence in a CSV file.
    private IDataView Load(MLContext mlContext) => mlContext.Data.LoadFromTextFile(FilePath, new TextLoader.Options
    {
        Columns =
        [
            new TextLoader.Column(nameof(Message.Label), DataKind.String, LabelIndex),
            new TextLoader.Column(nameof(Message.Text), DataKind.String, TextIndex),
        ],
        HasHeader = true,
        Separators = [Separator],
        AllowQuoting = Separator != '\t',
        ReadMultilines = Separator != '\t',
    });

    private void CheckLabels(string[] labels)
    {
        if (labels.Length == 0)
        {
            throw new UserErrorException($"{FilePath} has no rows with a label below its header.");
        }
        if (labels.All(label => label == labels[0]))
        {
            throw new UserErrorException(
                $"All {labels.Length} rows of {FilePath} have the label '{labels[0]}': at least two classes are needed.");
        }
    }
}
