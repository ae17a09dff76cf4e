using System.Diagnostics;

namespace Microsoft.ML.Runtime;

/// <summary>Checks of arguments and states, and the marks on the exceptions they throw.</summary>
internal static partial class Contracts
{
    public const string IsMarkedKey = "ML_IsMarked";

    public const string SensitivityKey = "ML_Sensitivity";

    public static bool IsMarked(this Exception ex) => ex?.Data.Contains(IsMarkedKey) == true;

    public static TException Mark<TException>(TException ex) where TException : Exception
    {
        ex.Data[IsMarkedKey] = 1;
        return ex;
    }

    public static TException Process<TException>(this TException ex, IExceptionContext ectx = null)
        where TException : Exception =>
        ex == null || ex.IsMarked() ? ex : ectx != null ? ectx.Process(ex) : Mark(ex);

    public static void CheckAlive(this IHostEnvironment env)
    {
        CheckValue(env, nameof(env));
        if (env is ICancelable { IsCanceled: true })
        {
            throw Process(new OperationCanceledException("Operation was canceled."), env);
        }
    }

    [Conditional("INVARIANT_CHECKS")]
    public static void CheckValueOrNull<T>(T val) where T : class
    {
    }
}

/// <summary>What can be told to stop.</summary>
internal interface ICancelable
{
    bool IsCanceled { get; }

    void CancelExecution();
}
