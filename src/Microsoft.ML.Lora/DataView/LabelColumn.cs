using Microsoft.ML.Data;
using Microsoft.ML.Lora.Tasks;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lora.DataView;

/// <summary>The label of a classification task: a key column, its classes and how a row's class is read.</summary>
internal static class LabelColumn
{
    private const string KeyValues = "KeyValues";

    // A head of this many classes is already larger than most encoders: more means a key whose count was never set.
    private const ulong MostClasses = 100_000;

    /// <summary>The classes a key column stands for, in the order of its key values.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than two classes, or a key type without a real count.</exception>
    public static LabelSet ReadLabels(IExceptionContext context, DataViewSchema.Column column)
    {
        ulong count = ((KeyDataViewType)column.Type).Count;
        if (count < 2)
        {
            throw MLNetAccess.BadArgument(context, "numClasses",
                $"Must be at least 2: label column '{column.Name}' has the type {column.Type}, a key of {count} class. " +
                "Check that the training rows hold two or more different labels.");
        }
        if (count > MostClasses)
        {
            throw MLNetAccess.BadArgument(context, "numClasses",
                $"Must be at most {MostClasses}: label column '{column.Name}' has the type {column.Type}. " +
                "Give the key type its count ([KeyType(n)]), or make the key with MapValueToKey.");
        }
        KeyValueType? type = KeyValueTypeOf(column, (int)count);
        return new LabelSet((int)count, type?.Name, type?.Read(column.Annotations, KeyValues));
    }

    /// <summary>Reads the current row's class index: 0-based, −1 for a missing label.</summary>
    public static Func<int> ClassReader(DataViewRow row, DataViewSchema.Column column)
    {
        Type raw = column.Type.RawType;
        if (raw == typeof(byte))
        {
            return Reader<byte>(row, column, v => v - 1);
        }
        if (raw == typeof(ushort))
        {
            return Reader<ushort>(row, column, v => v - 1);
        }
        return raw == typeof(uint)
            ? Reader<uint>(row, column, v => (int)v - 1)
            : Reader<ulong>(row, column, v => (int)v - 1);
    }

    private static Func<int> Reader<T>(DataViewRow row, DataViewSchema.Column column, Func<T, int> toClass)
        where T : struct
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        T value = default;
        return () =>
        {
            getter(ref value);
            return toClass(value);
        };
    }

    // Key values count only when they are one for each key, as everywhere in ML.NET.
    private static KeyValueType? KeyValueTypeOf(DataViewSchema.Column column, int count)
    {
        DataViewSchema.Column? annotation = column.Annotations.Schema.GetColumnOrNull(KeyValues);
        return annotation?.Type is VectorDataViewType vector && vector.Size == count
            ? KeyValueType.All.GetValueOrDefault(vector.ItemType.ToString()!)
            : null;
    }
}
