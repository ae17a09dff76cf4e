using System.Numerics;
using System.Reflection;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>How the types of users' members correspond to the types of columns.</summary>
internal static class MemberTypes
{
    private static readonly MethodInfo _makeArrayGetter = Method(nameof(MakeArrayGetter));
    private static readonly MethodInfo _makeFailingGetter = Method(nameof(MakeFailingGetter));
    private static readonly MethodInfo _makeVectorGetter = Method(nameof(MakeVectorGetter));
    private static readonly MethodInfo _makeKeyGetter = Method(nameof(MakeKeyGetter));

    /// <summary>The item type and kind of the column that a member of the type is; false when it is none.</summary>
    public static bool TryGetItemType(Type memberType, out PrimitiveDataViewType itemType, out bool isVector)
    {
        var item = memberType;
        isVector = memberType.IsArray || IsVBuffer(memberType);
        if (isVector)
        {
            item = memberType.IsArray ? memberType.GetElementType() : memberType.GetGenericArguments()[0];
        }

        return StandardTypes.TryFind(item, out itemType);
    }

    /// <summary>The raw type of the column that a member of the type is, or null.</summary>
    public static Type GetRawType(Type memberType) =>
        !TryGetItemType(memberType, out var item, out var isVector) ? null
        : isVector ? typeof(VBuffer<>).MakeGenericType(item.RawType)
        : item.RawType;

    /// <summary>A getter of the column's raw type over what a member holds; key scalars count from 0 there.</summary>
    public static Delegate MakeGetter<TMember>(Func<TMember> source, DataViewType columnType)
    {
        if (source is Func<string> text)
        {
            return (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> value) => value = text().AsMemory());
        }

        if (source is Func<string[]> texts)
        {
            return MakeTextsGetter(texts);
        }

        if (typeof(TMember).IsVariableBoundArray)
        {
            var item = typeof(TMember).GetElementType();
            return Call(_makeFailingGetter, item == typeof(string) ? typeof(ReadOnlyMemory<char>) : item);
        }

        if (typeof(TMember).IsArray)
        {
            return Call(_makeArrayGetter, typeof(TMember).GetElementType(), source);
        }

        if (IsVBuffer(typeof(TMember)))
        {
            return Call(_makeVectorGetter, typeof(TMember).GetGenericArguments()[0], source);
        }

        if (columnType is KeyDataViewType key)
        {
            return Call(_makeKeyGetter, typeof(TMember), source, key);
        }

        return (ValueGetter<TMember>)((ref TMember value) => value = source());
    }

    private static bool IsVBuffer(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(VBuffer<>);

    private static MethodInfo Method(string name) =>
        typeof(MemberTypes).GetMethod(name, BindingFlags.Static | BindingFlags.NonPublic);

    private static Delegate Call(MethodInfo method, Type item, params object[] arguments) =>
        (Delegate)method.MakeGenericMethod(item)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, arguments, null);

    private static Delegate MakeTextsGetter(Func<string[]> source) =>
        (ValueGetter<VBuffer<ReadOnlyMemory<char>>>)((ref VBuffer<ReadOnlyMemory<char>> value) =>
        {
            var texts = source() ?? [];
            var editor = VBufferEditor.Create(ref value, texts.Length);
            for (var i = 0; i < texts.Length; i++)
            {
                editor.Values[i] = texts[i].AsMemory();
            }

            value = editor.Commit();
        });

    // ML.NET takes such a member for a column and fails where it is read.
    private static Delegate MakeFailingGetter<T>() =>
        (ValueGetter<VBuffer<T>>)((ref VBuffer<T> _) => throw new NullReferenceException());

    private static Delegate MakeArrayGetter<T>(Func<T[]> source) =>
        (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) =>
        {
            var items = source() ?? [];
            var editor = VBufferEditor.Create(ref value, items.Length);
            items.CopyTo(editor.Values);
            value = editor.Commit();
        });

    private static Delegate MakeVectorGetter<T>(Func<VBuffer<T>> source) =>
        (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) => source().CopyTo(ref value));

    private static Delegate MakeKeyGetter<T>(Func<T> source, KeyDataViewType key)
        where T : IBinaryInteger<T>
    {
        if (typeof(T) == typeof(ushort))
        {
            throw EnvironmentMark.Process(new InvalidOperationException());
        }

        var count = key.Count;
        return (ValueGetter<T>)((ref T value) =>
        {
            var index = source();
            value = ulong.CreateTruncating(index) < count ? index + T.One : T.Zero;
        });
    }
}
