namespace Microsoft.ML.Lora.Benchmarks.Baselines;

/// <summary>The rows of a TSV file with a header: a label, a tab, a text.</summary>
internal sealed record LabelledRows(string[] Labels, string[] Texts)
{
    public int Count => Texts.Length;

    public static LabelledRows Read(string path)
    {
        List<string> labels = [];
        List<string> texts = [];
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            string[] fields = line.Split('\t');
            if (fields.Length != 2)
            {
                throw new InvalidDataException(
                    $"Line {number} of {path} has {fields.Length} columns; a label, a tab and a text are expected.");
            }
            if (number > 1)
            {
                labels.Add(fields[0]);
                texts.Add(fields[1]);
            }
        }
        return labels.Count > 0
            ? new LabelledRows([.. labels], [.. texts])
            : throw new InvalidDataException($"{path} has no rows below its header.");
    }
}
