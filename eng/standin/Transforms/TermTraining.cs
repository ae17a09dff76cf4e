using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>Collects the terms of columns in one pass over the data.</summary>
internal sealed class TermTraining
{
    private readonly IHostEnvironment _env;
    private readonly int _maximum;
    private readonly ValueToKeyMappingEstimator.KeyOrdinality _ordinality;

    public TermTraining(IHostEnvironment env, int maximum, ValueToKeyMappingEstimator.KeyOrdinality ordinality)
    {
        _env = env;
        _maximum = maximum;
        _ordinality = ordinality;
    }

    /// <summary>The term map of each column, or for all of them that of the single column of the key data.</summary>
    public TermMap[] Train(IDataView input, string[] columns, PrimitiveDataViewType[] types, IDataView keyData)
    {
        using var channel = _env.Register("Term").Start("Training");
        channel.CheckUserArg(_maximum > 0, "MaxNumTerms", "Must be positive");
        var collectors = types.Select(TermCollector.Create).ToArray();
        if (keyData == null)
        {
            Collect(input, columns.Select(name => input.Schema[name]).ToArray(), collectors);
        }
        else
        {
            foreach (var type in types)
            {
                channel.CheckParam(type.Equals(keyData.Schema[0].Type), nameof(keyData),
                    $"Input data's column must be of type '{type}' but was '{keyData.Schema[0].Type}'");
            }

            Collect(keyData, types.Select(_ => keyData.Schema[0]).ToArray(), collectors);
        }

        return collectors.Select(collector => collector.Finish(_ordinality)).ToArray();
    }

    private void Collect(IDataView view, DataViewSchema.Column[] columns, TermCollector[] collectors)
    {
        using var cursor = view.GetRowCursor(columns.DistinctBy(column => column.Index));
        var steps = columns.Select((column, i) => collectors[i].Bind(cursor, column.Index, _maximum)).ToArray();
        while (cursor.MoveNext())
        {
            foreach (var step in steps)
            {
                step();
            }
        }
    }
}

/// <summary>Gathers the distinct values of one column.</summary>
internal abstract class TermCollector
{
    public static TermCollector Create(PrimitiveDataViewType type) =>
        (TermCollector)Activator.CreateInstance(typeof(TermCollector<>).MakeGenericType(type.RawType), type);

    /// <summary>What takes in the values of the cursor's current row.</summary>
    public abstract Action Bind(DataViewRow row, int column, int maximum);

    public abstract TermMap Finish(ValueToKeyMappingEstimator.KeyOrdinality ordinality);
}

/// <summary>Gathers distinct values of a .NET type.</summary>
internal sealed class TermCollector<T> : TermCollector
{
    private readonly PrimitiveDataViewType _type;
    private readonly TermRules<T> _rules;
    private readonly HashSet<T> _seen;
    private readonly List<T> _terms = [];

    public TermCollector(PrimitiveDataViewType type)
    {
        _type = type;
        _rules = TermRules.For<T>(type);
        _seen = new HashSet<T>(_rules.Equality);
    }

    public override Action Bind(DataViewRow row, int column, int maximum)
    {
        if (row.Schema[column].Type is not VectorDataViewType)
        {
            var scalar = row.GetGetter<T>(row.Schema[column]);
            var value = default(T);
            return () =>
            {
                scalar(ref value);
                Add(value, maximum);
            };
        }

        var vector = row.GetGetter<VBuffer<T>>(row.Schema[column]);
        var values = default(VBuffer<T>);
        return () =>
        {
            vector(ref values);
            AddVector(in values, maximum);
        };
    }

    public override TermMap Finish(ValueToKeyMappingEstimator.KeyOrdinality ordinality)
    {
        if (ordinality == ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
        {
            _terms.Sort(_rules.Order);
        }

        return TermMap.Create(_type, _terms.ToArray());
    }

    private void AddVector(in VBuffer<T> values, int maximum)
    {
        var given = values.GetValues();
        if (values.IsDense)
        {
            foreach (var value in given)
            {
                Add(value, maximum);
            }

            return;
        }

        var next = 0;
        for (var slot = 0; slot < values.Length; slot++)
        {
            var explicitly = next < given.Length && values.GetIndices()[next] == slot;
            Add(explicitly ? given[next++] : default, maximum);
        }
    }

    private void Add(T value, int maximum)
    {
        if (_terms.Count >= maximum || _rules.IsMissing(value) || _seen.Contains(value))
        {
            return;
        }

        var kept = _rules.Keep(value);
        _seen.Add(kept);
        _terms.Add(kept);
    }
}
