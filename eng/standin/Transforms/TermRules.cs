using System.Globalization;
using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>How terms of a type compare, print and are missing.</summary>
internal sealed record TermRules<T>(
    IEqualityComparer<T> Equality, IComparer<T> Order, Predicate<T> IsMissing, Func<T, T> Keep, Func<T, string> Print);

/// <summary>The rules of each type.</summary>
internal static class TermRules
{
    public static TermRules<T> For<T>(PrimitiveDataViewType type)
    {
        object rules = type switch
        {
            TextDataViewType => Text(),
            KeyDataViewType => Plain<T>(value => EqualityComparer<T>.Default.Equals(value, default), PrintKey),
            _ => ForRaw<T>(),
        };
        return (TermRules<T>)rules;
    }

    private static object ForRaw<T>()
    {
        if (typeof(T) == typeof(float))
        {
            return Plain<float>(float.IsNaN, value => value.ToString("R", CultureInfo.InvariantCulture));
        }

        if (typeof(T) == typeof(double))
        {
            return Plain<double>(double.IsNaN, value => value.ToString("G17", CultureInfo.InvariantCulture));
        }

        if (typeof(T) == typeof(bool))
        {
            return Plain<bool>(_ => false, value => value ? "1" : "0");
        }

        if (typeof(T) == typeof(DateTime))
        {
            return Plain<DateTime>(_ => false, value => value.ToString("o", CultureInfo.InvariantCulture));
        }

        if (typeof(T) == typeof(DateTimeOffset))
        {
            return Plain<DateTimeOffset>(_ => false, value => value.ToString("o", CultureInfo.InvariantCulture));
        }

        return Plain<T>(_ => false, Invariant);
    }

    private static TermRules<T> Plain<T>(Predicate<T> isMissing, Func<T, string> print) =>
        new(EqualityComparer<T>.Default, Comparer<T>.Default, isMissing, value => value, print);

    // Keys print as people count them in a file of terms: from 0.
    private static string PrintKey<T>(T value) =>
        (Convert.ToUInt64(value, CultureInfo.InvariantCulture) - 1).ToString(CultureInfo.InvariantCulture);

    private static string Invariant<T>(T value) => Convert.ToString(value, CultureInfo.InvariantCulture);

    private static TermRules<ReadOnlyMemory<char>> Text() =>
        new(new TextEquality(),
            Comparer<ReadOnlyMemory<char>>.Create((left, right) => left.Span.SequenceCompareTo(right.Span)),
            value => value.IsEmpty, value => value.ToString().AsMemory(), value => value.ToString());

    private sealed class TextEquality : IEqualityComparer<ReadOnlyMemory<char>>
    {
        public bool Equals(ReadOnlyMemory<char> x, ReadOnlyMemory<char> y) => x.Span.SequenceEqual(y.Span);

        public int GetHashCode(ReadOnlyMemory<char> obj) => string.GetHashCode(obj.Span);
    }
}
