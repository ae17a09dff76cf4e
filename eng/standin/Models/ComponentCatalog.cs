using System.Reflection;

namespace Microsoft.ML.Runtime;

/// <summary>The loadable classes known to an environment, by signature and loader name.</summary>
public sealed class ComponentCatalog
{
    private readonly Dictionary<(Type Signature, string Name), LoadableClassAttribute> _classes = [];
    private readonly HashSet<Assembly> _assemblies = [];

    internal ComponentCatalog()
    {
    }

    public void RegisterAssembly(Assembly assembly, bool throwOnError = true)
    {
        Contracts.CheckValue(assembly, nameof(assembly));
        lock (_classes)
        {
            if (!_assemblies.Add(assembly))
            {
                return;
            }

            foreach (var attribute in assembly.GetCustomAttributes<LoadableClassAttribute>())
            {
                Register(attribute, throwOnError);
            }
        }
    }

    /// <summary>Registers the classes of the assembly that a model names.</summary>
    internal void RegisterByName(string assemblyName)
    {
        if (!RealAssemblies.TryRegister(assemblyName, this))
        {
            RegisterAssembly(Assembly.Load(assemblyName));
        }
    }

    /// <summary>Makes an instance of the class under the loader name; false when there is none of type T.</summary>
    internal bool TryCreate<T>(Type signature, string name, IHostEnvironment env, object[] extra, out T result)
        where T : class
    {
        result = null;
        LoadableClassAttribute found;
        lock (_classes)
        {
            if (!_classes.TryGetValue((signature, Normalize(name)), out found)
                || !typeof(T).IsAssignableFrom(found.InstanceType))
            {
                return false;
            }
        }

        try
        {
            result = (T)Create(found, [env, .. extra]);
        }
        catch (TargetInvocationException ex)
        {
            throw Contracts.Except(ex, "Error during class instantiation");
        }

        return true;
    }

    private static object Create(LoadableClassAttribute found, object[] args)
    {
        const BindingFlags Any = BindingFlags.Public | BindingFlags.NonPublic;
        Type[] types = [typeof(IHostEnvironment), .. found.CtorTypes];
        if (found.InstanceType.IsAssignableFrom(found.LoaderType)
            && found.LoaderType.GetConstructor(Any | BindingFlags.Instance, types) is { } constructor)
        {
            return constructor.Invoke(args);
        }

        var method = found.LoaderType.GetMethod("Create", Any | BindingFlags.Static, types)
            ?? throw Contracts.Except(
                $"Can't instantiate class '{found.InstanceType.Name}' through '{found.LoaderType.Name}'");
        return method.Invoke(null, args);
    }

    private static string Normalize(string name) => name.Trim().ToLowerInvariant();

    private void Register(LoadableClassAttribute attribute, bool throwOnError)
    {
        foreach (var name in attribute.LoadNames)
        {
            foreach (var signature in attribute.SigTypes)
            {
                var key = (signature, Normalize(name));
                if (!_classes.TryAdd(key, attribute) && throwOnError)
                {
                    throw Contracts.Except(
                        $"ComponentCatalog cannot map name '{name}' and SignatureType '{signature}' to " +
                        $"{attribute.InstanceType}, already mapped to {_classes[key].InstanceType}.");
                }
            }
        }
    }
}
