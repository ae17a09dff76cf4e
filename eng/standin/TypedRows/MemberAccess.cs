using System.Linq.Expressions;
using System.Reflection;

namespace Microsoft.ML.Data;

/// <summary>Compiled access to members of a class.</summary>
internal static class MemberAccess<TRow>
    where TRow : class
{
    private static readonly MethodInfo _makeGetter = typeof(MemberAccess<TRow>)
        .GetMethod(nameof(MakeTypedGetter), BindingFlags.Static | BindingFlags.NonPublic);

    /// <summary>A getter, of the raw type of the column, over a member of the current row object.</summary>
    public static Delegate MakeGetter(TypedColumn column, Func<TRow> current) =>
        (Delegate)_makeGetter.MakeGenericMethod(column.Member.Type)
            .Invoke(null, BindingFlags.DoNotWrapExceptions, null, [column, current], null);

    /// <summary>What reads a member.</summary>
    public static Func<TRow, TMember> Reader<TMember>(UserMember member)
    {
        var row = Expression.Parameter(typeof(TRow));
        return Expression.Lambda<Func<TRow, TMember>>(Access(row, member), row).Compile();
    }

    /// <summary>What writes a member.</summary>
    public static Action<TRow, TMember> Writer<TMember>(UserMember member)
    {
        if (member.Member is FieldInfo { IsInitOnly: true } field)
        {
            return (target, value) => field.SetValue(target, value);
        }

        var row = Expression.Parameter(typeof(TRow));
        var given = Expression.Parameter(typeof(TMember));
        var assign = Expression.Assign(Access(row, member), given);
        return Expression.Lambda<Action<TRow, TMember>>(assign, row, given).Compile();
    }

    private static Delegate MakeTypedGetter<TMember>(TypedColumn column, Func<TRow> current)
    {
        var read = Reader<TMember>(column.Member);
        return MemberTypes.MakeGetter(() => read(current()), column.ColumnType);
    }

    private static MemberExpression Access(Expression row, UserMember member) =>
        Expression.MakeMemberAccess(row, member.Member);
}
