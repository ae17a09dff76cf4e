using Microsoft.ML.Data;

namespace Microsoft.ML;

public sealed partial class DataViewSchema
{
    /// <summary>Named facts about a column, each a typed value fetched through a getter.</summary>
    public sealed class Annotations
    {
        private readonly Delegate[] _getters;

        private Annotations(DataViewSchema schema, Delegate[] getters)
        {
            Schema = schema;
            _getters = getters;
        }

        public static Annotations Empty { get; } = new(new DataViewSchema([]), []);

        public DataViewSchema Schema { get; }

        public ValueGetter<TValue> GetGetter<TValue>(Column column)
        {
            if ((uint)column.Index >= (uint)_getters.Length)
            {
                throw new ArgumentOutOfRangeException(nameof(column));
            }

            return _getters[column.Index] as ValueGetter<TValue>
                ?? throw new InvalidOperationException("Invalid call to 'GetGetter'");
        }

        public void GetValue<TValue>(string kind, ref TValue value)
        {
            var column = Schema.GetColumnOrNull(kind)
                ?? throw new InvalidOperationException("Invalid call to 'GetValue'");
            GetGetter<TValue>(column)(ref value);
        }

        public override string ToString() => string.Join(", ", Schema.Select(column => column.Name));

        internal Delegate GetGetterInternal(int index) => _getters[index];

        /// <summary>Collects annotations.</summary>
        public sealed class Builder
        {
            private readonly List<DetachedColumn> _columns = [];
            private readonly List<Delegate> _getters = [];

            public void Add(Annotations annotations, Func<string, bool> selector)
            {
                ArgumentNullException.ThrowIfNull(selector);
                foreach (var column in annotations?.Schema ?? Empty.Schema)
                {
                    if (selector(column.Name))
                    {
                        _columns.Add(new DetachedColumn(column));
                        _getters.Add(annotations.GetGetterInternal(column.Index));
                    }
                }
            }

            public void Add<TValue>(string name, DataViewType type, ValueGetter<TValue> getter,
                Annotations annotations = null)
            {
                ArgumentNullException.ThrowIfNull(getter);
                ArgumentNullException.ThrowIfNull(type);
                if (type.RawType != typeof(TValue))
                {
                    throw new ArgumentException(
                        $"type.RawType must be of type '{typeof(TValue).FullName}'.", nameof(type));
                }

                _columns.Add(new DetachedColumn(name, type, annotations));
                _getters.Add(getter);
            }

            public void Add(string name, DataViewType type, Delegate getter, Annotations annotations = null)
            {
                ArgumentNullException.ThrowIfNull(getter);
                ArgumentNullException.ThrowIfNull(type);
                var needed = typeof(ValueGetter<>).MakeGenericType(type.RawType);
                if (getter.GetType() != needed)
                {
                    throw new ArgumentException($"getter must be of type '{needed.FullName}'", nameof(getter));
                }

                _columns.Add(new DetachedColumn(name, type, annotations));
                _getters.Add(getter);
            }

            public void AddPrimitiveValue<TValue>(string name, PrimitiveDataViewType type, TValue value,
                Annotations annotations = null) =>
                Add(name, type, (ref TValue destination) => destination = value, annotations);

            public Annotations ToAnnotations() => new(new DataViewSchema(_columns), [.. _getters]);
        }
    }
}
