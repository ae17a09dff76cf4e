using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.Lora.Checkpoints.Pickle;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Checkpoints;

/// <summary>
/// The files of a pretrained model by their Hugging Face names: a folder, or the resources of an assembly. Subfolders
/// are written with '/', as in <c>1_Pooling/config.json</c>.
/// </summary>
internal abstract class BaseModelFiles
{
    private const string SingleFile = "model.safetensors";
    private const string SingleIndex = "model.safetensors.index.json";
    private const string PickledFile = "pytorch_model.bin";
    private const string PickledIndex = "pytorch_model.bin.index.json";
    private const int MaxJsonBytes = 256 << 20;

    private readonly Lazy<string> _identity;

    protected BaseModelFiles() => _identity = new Lazy<string>(ComputeIdentity);

    /// <summary>Gets where the files are, for messages: a folder's path or an assembly's name.</summary>
    public abstract string Description { get; }

    /// <summary>
    /// Gets the SHA-256 of the weights in lower-case hexadecimal: of the file when it is one, of the list of the
    /// files' names and hashes when there are several. Computed at first use.
    /// </summary>
    public string Identity => _identity.Value;

    /// <summary>The files of a folder.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static BaseModelFiles FromFolder(string folder) => new FolderModelFiles(folder);

    /// <summary>The files of the base model that the package Microsoft.ML.Lora.MiniLM carries.</summary>
    /// <exception cref="FileNotFoundException">The application does not reference that package.</exception>
    public static BaseModelFiles Embedded() => EmbeddedModelFiles.MiniLM();

    /// <summary>Whether the model has a file of that name.</summary>
    public abstract bool Exists(string name);

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="FileNotFoundException">The model has no such file.</exception>
    public Stream Open(string name)
    {
        if (!Exists(name))
        {
            Throw.FileNotFound_Model(Description, $"file '{name}'");
        }

        return OpenExisting(name);
    }

    /// <summary>A file's content.</summary>
    /// <exception cref="FileNotFoundException">The model has no such file.</exception>
    /// <exception cref="InvalidDataException">It is larger than <paramref name="maxBytes"/>.</exception>
    public byte[] ReadBytes(string name, int maxBytes = MaxJsonBytes)
    {
        using var stream = Open(name);
        if (stream.Length > maxBytes)
        {
            Throw.InvalidData_File(NameForMessages(name), $"the file has {stream.Length} bytes; at most {maxBytes} are read.");
        }

        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>A JSON file's content.</summary>
    /// <exception cref="FileNotFoundException">The model has no such file.</exception>
    /// <exception cref="InvalidDataException">It is not a JSON object.</exception>
    public ConfigJson ReadJson(string name) => ConfigJson.Parse(ReadBytes(name), NameForMessages(name));

    /// <summary>The model's config.json.</summary>
    public ConfigJson ReadConfig()
    {
        const string Config = "config.json";
        if (!Exists(Config) && Exists("adapter_config.json"))
        {
            Throw.FileNotFound_Model(
                Description, $"file '{Config}': it holds an adapter (adapter_config.json), which LoraFromAdapter reads, not a base model");
        }

        return ReadJson(Config);
    }

    /// <summary>Opens the weights: model.safetensors or its shards, else pytorch_model.bin or its shards.</summary>
    /// <exception cref="FileNotFoundException">There are no weights in a format that is read.</exception>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    public WeightSource OpenWeights()
    {
        if (Exists(SingleFile))
        {
            return OpenShard(SingleFile);
        }

        if (Exists(SingleIndex))
        {
            return ShardedWeights.Open(ReadJson(SingleIndex), Exists, OpenShard);
        }

        if (Exists(PickledFile))
        {
            return OpenPickled(PickledFile);
        }

        if (Exists(PickledIndex))
        {
            return ShardedWeights.Open(ReadJson(PickledIndex), Exists, OpenPickled);
        }

        Throw.FileNotFound_Model(Description, $"weights: '{SingleFile}', '{SingleIndex}' or '{PickledFile}'");
        return null;
    }

    /// <summary>The names of the files the weights lie in, sorted.</summary>
    public IReadOnlyList<string> WeightFileNames()
    {
        if (Exists(SingleFile))
        {
            return [SingleFile];
        }

        if (Exists(SingleIndex))
        {
            return ShardedWeights.ShardNames(ReadJson(SingleIndex));
        }

        return Exists(PickledFile) ? [PickledFile]
            : Exists(PickledIndex) ? ShardedWeights.ShardNames(ReadJson(PickledIndex))
            : [];
    }

    /// <summary>A file's name with where it is, for messages.</summary>
    public abstract string NameForMessages(string name);

    /// <summary>Opens a file that exists.</summary>
    protected abstract Stream OpenExisting(string name);

    /// <summary>Gives a file's bytes where they lie.</summary>
    protected internal abstract MappedMemory Map(string name);

    private SafetensorsFile OpenShard(string name) => SafetensorsFile.Open(Map(name), NameForMessages(name));

    private PickledWeights OpenPickled(string name) => PickledWeights.Open(Map(name), NameForMessages(name));

    private string ComputeIdentity()
    {
        var names = WeightFileNames();
        var hashes = names.Select(name =>
        {
            using var stream = Open(name);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }).ToList();
        if (hashes.Count == 1)
        {
            return hashes[0];
        }

        var list = string.Concat(names.Zip(hashes, (name, hash) => $"{hash}  {name}\n"));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(list)));
    }
}
