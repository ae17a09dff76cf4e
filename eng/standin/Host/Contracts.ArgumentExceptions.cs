namespace Microsoft.ML.Runtime;

internal static partial class Contracts
{
    public static Exception ExceptUserArg(string name) =>
        Process(new ArgumentOutOfRangeException(name));

    public static Exception ExceptUserArg(string name, string msg) =>
        Process(new ArgumentOutOfRangeException(name, msg));

    public static Exception ExceptUserArg(string name, string msg, params object[] args) =>
        Process(new ArgumentOutOfRangeException(name, MessageText.Format(msg, args)));

    public static Exception ExceptUserArg(this IExceptionContext ctx, string name) =>
        Process(new ArgumentOutOfRangeException(name), ctx);

    public static Exception ExceptUserArg(this IExceptionContext ctx, string name, string msg) =>
        Process(new ArgumentOutOfRangeException(name, msg), ctx);

    public static Exception ExceptUserArg(this IExceptionContext ctx, string name, string msg, params object[] args) =>
        Process(new ArgumentOutOfRangeException(name, MessageText.Format(msg, args)), ctx);

    public static Exception ExceptParam(string paramName) =>
        Process(new ArgumentOutOfRangeException(paramName));

    public static Exception ExceptParam(string paramName, string msg) =>
        Process(new ArgumentOutOfRangeException(paramName, msg));

    public static Exception ExceptParam(string paramName, string msg, params object[] args) =>
        Process(new ArgumentOutOfRangeException(paramName, MessageText.Format(msg, args)));

    public static Exception ExceptParam(this IExceptionContext ctx, string paramName) =>
        Process(new ArgumentOutOfRangeException(paramName), ctx);

    public static Exception ExceptParam(this IExceptionContext ctx, string paramName, string msg) =>
        Process(new ArgumentOutOfRangeException(paramName, msg), ctx);

    public static Exception ExceptParam(this IExceptionContext ctx, string paramName, string msg,
        params object[] args) =>
        Process(new ArgumentOutOfRangeException(paramName, MessageText.Format(msg, args)), ctx);

    public static Exception ExceptValue(string paramName) =>
        Process(new ArgumentNullException(paramName));

    public static Exception ExceptValue(string paramName, string msg) =>
        Process(new ArgumentNullException(paramName, msg));

    public static Exception ExceptValue(string paramName, string msg, params object[] args) =>
        Process(new ArgumentNullException(paramName, MessageText.Format(msg, args)));

    public static Exception ExceptValue(this IExceptionContext ctx, string paramName) =>
        Process(new ArgumentNullException(paramName), ctx);

    public static Exception ExceptValue(this IExceptionContext ctx, string paramName, string msg) =>
        Process(new ArgumentNullException(paramName, msg), ctx);

    public static Exception ExceptValue(this IExceptionContext ctx, string paramName, string msg,
        params object[] args) =>
        Process(new ArgumentNullException(paramName, MessageText.Format(msg, args)), ctx);

    public static Exception ExceptEmpty(string paramName) =>
        Process(new ArgumentOutOfRangeException(paramName, $"{paramName} cannot be null or empty"));

    public static Exception ExceptEmpty(string paramName, string msg) =>
        Process(new ArgumentOutOfRangeException(paramName, msg));

    public static Exception ExceptWhiteSpace(string paramName) =>
        Process(new ArgumentOutOfRangeException(paramName, $"{paramName} cannot be null or white space"));

    public static Exception ExceptWhiteSpace(string paramName, string msg) =>
        Process(new ArgumentOutOfRangeException(paramName, msg));

    public static Exception ExceptSchemaMismatch(string paramName, string columnRole, string columnName) =>
        Process(new ArgumentOutOfRangeException(paramName, $"Could not find {columnRole} column '{columnName}'"));

    public static Exception ExceptSchemaMismatch(string paramName, string columnRole, string columnName,
        string expectedType, string actualType) =>
        Process(new ArgumentOutOfRangeException(paramName,
            $"Schema mismatch for {columnRole} column '{columnName}': expected {expectedType}, got {actualType}"));

    public static Exception ExceptEmpty(this IExceptionContext ctx, string paramName) =>
        Process(new ArgumentOutOfRangeException(paramName, $"{paramName} cannot be null or empty"), ctx);

    public static Exception ExceptEmpty(this IExceptionContext ctx, string paramName, string msg) =>
        Process(new ArgumentOutOfRangeException(paramName, msg), ctx);

    public static Exception ExceptWhiteSpace(this IExceptionContext ctx, string paramName) =>
        Process(new ArgumentOutOfRangeException(paramName, $"{paramName} cannot be null or white space"), ctx);

    public static Exception ExceptWhiteSpace(this IExceptionContext ctx, string paramName, string msg) =>
        Process(new ArgumentOutOfRangeException(paramName, msg), ctx);

    public static Exception ExceptSchemaMismatch(this IExceptionContext ctx, string paramName, string columnRole,
        string columnName) =>
        Process(new ArgumentOutOfRangeException(paramName, $"Could not find {columnRole} column '{columnName}'"),
            ctx);

    public static Exception ExceptSchemaMismatch(this IExceptionContext ctx, string paramName, string columnRole,
        string columnName, string expectedType, string actualType) =>
        Process(new ArgumentOutOfRangeException(paramName,
            $"Schema mismatch for {columnRole} column '{columnName}': expected {expectedType}, got {actualType}"), ctx);
}
