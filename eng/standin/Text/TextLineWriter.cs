using System.Globalization;
using System.Text;

namespace Microsoft.ML.Data;

/// <summary>
/// Collects the slots of one line and writes them, the end of the line as sparse items where that is shorter.
/// </summary>
internal sealed class TextLineWriter
{
    // What a sparse item costs, in fields; and the fewest slots worth a sparse ending.
    private const double SparseItemCost = 2.5;
    private const int FewestSparseSlots = 5;

    private readonly char _separator;
    private readonly bool _forceDense;
    private readonly List<(string Text, bool IsDefault)> _slots = [];
    private readonly List<int> _starts = [];
    private readonly StringBuilder _text = new();
    private bool _started;

    public TextLineWriter(char separator, bool forceDense)
    {
        _separator = separator;
        _forceDense = forceDense;
    }

    /// <summary>The number of slots of the line.</summary>
    public int Length => _slots.Count;

    /// <summary>The name that a separator has in the options.</summary>
    public static string SeparatorName(char separator) =>
        EmbeddedTextOptions.SeparatorNames.First(pair => pair.Value == separator).Key;

    public void Clear()
    {
        _slots.Clear();
        _starts.Clear();
    }

    /// <summary>Says that a column begins: a line may turn sparse here.</summary>
    public void BeginColumn() => _starts.Add(_slots.Count);

    public void Add(string text, bool isDefault) => _slots.Add((text, isDefault));

    public string Finish()
    {
        int sparse = _forceDense ? _slots.Count : SparseStart();
        _text.Clear();
        _started = false;
        for (int i = 0; i < sparse; i++)
        {
            Append(_slots[i].Text);
        }

        if (sparse < _slots.Count)
        {
            AppendSparse(sparse);
        }

        return _text.ToString();
    }

    private void AppendSparse(int start)
    {
        Append((_slots.Count - start).ToString(CultureInfo.InvariantCulture));
        bool any = false;
        for (int i = start; i < _slots.Count; i++)
        {
            if (!_slots[i].IsDefault)
            {
                Append(string.Create(CultureInfo.InvariantCulture, $"{i - start}:{_slots[i].Text}"));
                any = true;
            }
        }

        if (!any)
        {
            Append("0:" + _slots[start].Text);
        }
    }

    private int SparseStart()
    {
        int best = _slots.Count;
        double lowest = double.PositiveInfinity;
        int values = 0;
        int slot = _slots.Count;
        for (int column = _starts.Count - 1; column >= 0; column--)
        {
            for (; slot > _starts[column]; slot--)
            {
                values += _slots[slot - 1].IsDefault ? 0 : 1;
            }

            double cost = slot + (SparseItemCost * values);
            if (cost <= lowest)
            {
                lowest = cost;
                best = slot;
            }
        }

        return lowest <= _slots.Count && _slots.Count - best >= FewestSparseSlots ? best : _slots.Count;
    }

    private void Append(string text)
    {
        if (_started)
        {
            _text.Append(_separator);
        }

        _started = true;
        _text.Append(text);
    }
}
