using System.Reflection;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Checkpoints;

/// <summary>A model's files as resources of an assembly, read in place.</summary>
internal sealed class EmbeddedModelFiles : BaseModelFiles
{
    private const string MiniLMAssembly = "Microsoft.ML.Lora.MiniLM";

    private static readonly Lock _lock = new();
    private static EmbeddedModelFiles? _miniLM;

    private readonly Assembly _assembly;
    private readonly Dictionary<string, string> _resources;

    /// <summary>Takes the resources of an assembly whose names are paths; '\' counts as '/'.</summary>
    public EmbeddedModelFiles(Assembly assembly)
    {
        _assembly = assembly;
        _resources = assembly.GetManifestResourceNames()
            .ToDictionary(name => name.Replace('\\', '/'), name => name, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public override string Description => $"assembly {_assembly.GetName().Name}";

    /// <summary>The default base model, found by its assembly's name, so that nothing but the application refers to it.</summary>
    /// <exception cref="FileNotFoundException">The application does not reference it.</exception>
    public static EmbeddedModelFiles MiniLM()
    {
        lock (_lock)
        {
            return _miniLM ??= new EmbeddedModelFiles(LoadMiniLM());
        }
    }

    /// <inheritdoc/>
    public override bool Exists(string name) => _resources.ContainsKey(name);

    /// <inheritdoc/>
    public override string NameForMessages(string name) => $"{_assembly.GetName().Name}: {name}";

    /// <inheritdoc/>
    protected override Stream OpenExisting(string name) => _assembly.GetManifestResourceStream(_resources[name])!;

    /// <inheritdoc/>
    protected internal override MappedMemory Map(string name) => MappedMemory.FromStream(OpenExisting(name));

    private static Assembly LoadMiniLM()
    {
        try
        {
            return Assembly.Load(new AssemblyName(MiniLMAssembly));
        }
        catch (Exception error) when (error is FileNotFoundException or FileLoadException or BadImageFormatException)
        {
            throw new FileNotFoundException(
                $"No base model is named, and the assembly {MiniLMAssembly}, which carries the default one, is not there. "
                + $"Add it to the application (dotnet add package {MiniLMAssembly}), or name a folder with a model "
                + "(config.json, model.safetensors and the tokenizer's files): LoraBaseModel.FromFolder(path).",
                MiniLMAssembly,
                error);
        }
    }
}
