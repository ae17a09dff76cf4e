namespace Microsoft.ML.Runtime;

internal static partial class Contracts
{
    public static void Check(bool f)
    {
        if (!f)
        {
            throw Except();
        }
    }

    public static void Check(bool f, string msg)
    {
        if (!f)
        {
            throw Except(msg);
        }
    }

    public static void CheckDecode(bool f)
    {
        if (!f)
        {
            throw ExceptDecode();
        }
    }

    public static void CheckDecode(bool f, string msg)
    {
        if (!f)
        {
            throw ExceptDecode(msg);
        }
    }

    public static void CheckUserArg(bool f, string name)
    {
        if (!f)
        {
            throw ExceptUserArg(name);
        }
    }

    public static void CheckUserArg(bool f, string name, string msg)
    {
        if (!f)
        {
            throw ExceptUserArg(name, msg);
        }
    }

    public static void CheckParam(bool f, string paramName)
    {
        if (!f)
        {
            throw ExceptParam(paramName);
        }
    }

    public static void CheckParam(bool f, string paramName, string msg)
    {
        if (!f)
        {
            throw ExceptParam(paramName, msg);
        }
    }

    public static T CheckRef<T>(T val, string paramName) where T : class =>
        val ?? throw ExceptValue(paramName);

    public static void CheckValue<T>(T val, string paramName) where T : class
    {
        if (val == null)
        {
            throw ExceptValue(paramName);
        }
    }

    public static T CheckValue<T>(T val, string paramName, string msg) where T : class =>
        val ?? throw ExceptValue(paramName, msg);

    public static string CheckNonEmpty(string s, string paramName) =>
        string.IsNullOrEmpty(s) ? throw ExceptEmpty(paramName) : s;

    public static string CheckNonEmpty(string s, string paramName, string msg) =>
        string.IsNullOrEmpty(s) ? throw ExceptEmpty(paramName, msg) : s;

    public static string CheckNonWhiteSpace(string s, string paramName) =>
        string.IsNullOrWhiteSpace(s) ? throw ExceptWhiteSpace(paramName) : s;

    public static T[] CheckNonEmpty<T>(T[] args, string paramName) =>
        args is { Length: > 0 } ? args : throw ExceptEmpty(paramName);

    public static T[] CheckNonEmpty<T>(T[] args, string paramName, string msg) =>
        args is { Length: > 0 } ? args : throw ExceptEmpty(paramName, msg);

    public static void Check(this IExceptionContext ctx, bool f)
    {
        if (!f)
        {
            throw ctx.Except();
        }
    }

    public static void Check(this IExceptionContext ctx, bool f, string msg)
    {
        if (!f)
        {
            throw ctx.Except(msg);
        }
    }

    public static void CheckDecode(this IExceptionContext ctx, bool f)
    {
        if (!f)
        {
            throw ctx.ExceptDecode();
        }
    }

    public static void CheckDecode(this IExceptionContext ctx, bool f, string msg)
    {
        if (!f)
        {
            throw ctx.ExceptDecode(msg);
        }
    }

    public static void CheckUserArg(this IExceptionContext ctx, bool f, string name)
    {
        if (!f)
        {
            throw ctx.ExceptUserArg(name);
        }
    }

    public static void CheckUserArg(this IExceptionContext ctx, bool f, string name, string msg)
    {
        if (!f)
        {
            throw ctx.ExceptUserArg(name, msg);
        }
    }

    public static void CheckParam(this IExceptionContext ctx, bool f, string paramName)
    {
        if (!f)
        {
            throw ctx.ExceptParam(paramName);
        }
    }

    public static void CheckParam(this IExceptionContext ctx, bool f, string paramName, string msg)
    {
        if (!f)
        {
            throw ctx.ExceptParam(paramName, msg);
        }
    }

    public static T CheckRef<T>(this IExceptionContext ctx, T val, string paramName) where T : class =>
        val ?? throw ctx.ExceptValue(paramName);

    public static void CheckValue<T>(this IExceptionContext ctx, T val, string paramName) where T : class
    {
        if (val == null)
        {
            throw ctx.ExceptValue(paramName);
        }
    }

    public static T CheckValue<T>(this IExceptionContext ctx, T val, string paramName, string msg) where T : class =>
        val ?? throw ctx.ExceptValue(paramName, msg);

    public static string CheckNonEmpty(this IExceptionContext ctx, string s, string paramName) =>
        string.IsNullOrEmpty(s) ? throw ctx.ExceptEmpty(paramName) : s;

    public static string CheckNonEmpty(this IExceptionContext ctx, string s, string paramName, string msg) =>
        string.IsNullOrEmpty(s) ? throw ctx.ExceptEmpty(paramName, msg) : s;

    public static string CheckNonWhiteSpace(this IExceptionContext ctx, string s, string paramName) =>
        string.IsNullOrWhiteSpace(s) ? throw ctx.ExceptWhiteSpace(paramName) : s;

    public static T[] CheckNonEmpty<T>(this IExceptionContext ctx, T[] args, string paramName) =>
        args is { Length: > 0 } ? args : throw ctx.ExceptEmpty(paramName);

    public static T[] CheckNonEmpty<T>(this IExceptionContext ctx, T[] args, string paramName, string msg) =>
        args is { Length: > 0 } ? args : throw ctx.ExceptEmpty(paramName, msg);
}
