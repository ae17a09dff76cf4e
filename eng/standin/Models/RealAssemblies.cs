using System.Reflection;

namespace Microsoft.ML;

/// <summary>
/// The assemblies of the library that this one stands in for: the names that files carry and what each one registers.
/// </summary>
internal static class RealAssemblies
{
    public const string Data =
        "Microsoft.ML.Data, Version=1.0.0.0, Culture=neutral, PublicKeyToken=cc7b13ffcd2ddd51";

    public const string Transforms =
        "Microsoft.ML.Transforms, Version=1.0.0.0, Culture=neutral, PublicKeyToken=cc7b13ffcd2ddd51";

    private const string DataSimpleName = "Microsoft.ML.Data";

    private static readonly Version _version = new(1, 0, 0, 0);

    private static readonly HashSet<string> _empty =
    [
        "Microsoft.ML.Core", "Microsoft.ML.DataView", "Microsoft.ML.CpuMath", "Microsoft.ML.PCA",
        "Microsoft.ML.Transforms", "Microsoft.ML.StandardTrainers", "Microsoft.ML.KMeansClustering",
    ];

    /// <summary>Registers what the named assembly offers; false for the name of another assembly.</summary>
    public static bool TryRegister(string fullName, Runtime.ComponentCatalog catalog)
    {
        var name = new AssemblyName(fullName);
        if (name.Version > _version)
        {
            return false;
        }

        if (name.Name == DataSimpleName)
        {
            catalog.RegisterAssembly(typeof(RealAssemblies).Assembly);
            return true;
        }

        return _empty.Contains(name.Name);
    }
}
