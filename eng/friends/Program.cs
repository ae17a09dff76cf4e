using Mono.Cecil;

namespace Microsoft.ML.Lora.Build;

/// <summary>
/// Writes copies of assemblies that name another assembly as a friend: <c>friends OUTPUT-FOLDER FRIEND ASSEMBLY...</c>.
/// The copies serve the compiler alone; their strong-name signature no longer holds.
/// </summary>
internal static class Program
{
    private const string FriendAttribute = "System.Runtime.CompilerServices.InternalsVisibleToAttribute";

    private static int Main(string[] args)
    {
        if (args.Length < 3)
        {
            Console.Error.WriteLine("usage: friends OUTPUT-FOLDER FRIEND ASSEMBLY...");
            return 2;
        }

        // Writing an attribute that names an enumeration has to look into the assembly that declares it.
        using DefaultAssemblyResolver resolver = new();
        foreach (string assembly in args.AsSpan(2))
        {
            resolver.AddSearchDirectory(Path.GetDirectoryName(assembly));
        }

        Directory.CreateDirectory(args[0]);
        foreach (string assembly in args.AsSpan(2))
        {
            WriteCopy(assembly, Path.Combine(args[0], Path.GetFileName(assembly)), args[1], resolver);
        }

        return 0;
    }

    private static void WriteCopy(string source, string target, string friend, IAssemblyResolver resolver)
    {
        string unfinished = target + ".tmp";
        using (AssemblyDefinition assembly = AssemblyDefinition.ReadAssembly(source, new() { AssemblyResolver = resolver }))
        {
            ModuleDefinition module = assembly.MainModule;
            if (!HasFriend(assembly, friend))
            {
                assembly.CustomAttributes.Add(MakeAttribute(module, friend));
            }

            assembly.Write(unfinished);
        }

        File.Move(unfinished, target, overwrite: true);
    }

    private static bool HasFriend(AssemblyDefinition assembly, string friend) =>
        assembly.CustomAttributes.Any(a => a.AttributeType.FullName == FriendAttribute
            && a.ConstructorArguments is [{ Value: string name }] && name == friend);

    // The attribute's type is named in the scope of the assembly's own core library (netstandard or System.Runtime),
    // so that nothing has to be resolved.
    private static CustomAttribute MakeAttribute(ModuleDefinition module, string friend)
    {
        TypeReference type = new(
            "System.Runtime.CompilerServices", "InternalsVisibleToAttribute", module, module.TypeSystem.CoreLibrary);
        MethodReference constructor = new(".ctor", module.TypeSystem.Void, type) { HasThis = true };
        constructor.Parameters.Add(new ParameterDefinition(module.TypeSystem.String));
        CustomAttribute attribute = new(constructor);
        attribute.ConstructorArguments.Add(new CustomAttributeArgument(module.TypeSystem.String, friend));
        return attribute;
    }
}
