using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Operations on data: loading, splitting, shuffling, filtering, caching.</summary>
public sealed partial class DataOperationsCatalog : IInternalCatalog
{
    private readonly IHostEnvironment _env;

    internal DataOperationsCatalog(IHostEnvironment env)
    {
        Contracts.CheckValue(env, nameof(env));
        _env = env;
    }

    IHostEnvironment IInternalCatalog.Environment => _env;

    /// <summary>Keeps the rows of a view in memory; what <c>Cache</c> and cache checkpoints of chains make.</summary>
    internal static IDataView CreateCache(IHostEnvironment env, IDataView input, string[] columnsToPrefetch)
    {
        IDataView cached = null;
        MakeCache(env, input, columnsToPrefetch, ref cached);
        return cached ?? input;
    }

    static partial void MakeCache(IHostEnvironment env, IDataView input, string[] columnsToPrefetch,
        ref IDataView cached);
}
