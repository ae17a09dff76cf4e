using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>What knows its environment.</summary>
internal interface IInternalCatalog
{
    IHostEnvironment Environment { get; }
}

/// <summary>How extension methods on catalogs get at the environment.</summary>
internal static class CatalogUtils
{
    public static IHostEnvironment GetEnvironment(this IInternalCatalog catalog) =>
        Contracts.CheckRef(catalog, nameof(catalog)).Environment;
}
