using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Checkpoints.Hub;

namespace Microsoft.ML.Lora.Persistence;

/// <summary>The kinds of places a base model comes from.</summary>
internal enum BaseKind
{
    /// <summary>The assembly Microsoft.ML.Lora.MiniLM.</summary>
    Embedded,

    /// <summary>A folder.</summary>
    Folder,

    /// <summary>The Hugging Face hub, through its cache.</summary>
    Hub,
}

/// <summary>Where a base model comes from.</summary>
/// <param name="Kind">The kind of place.</param>
/// <param name="Id">The assembly's name, the folder's full path, or the hub's id of the model.</param>
/// <param name="Revision">The hub's branch, tag or commit; null elsewhere.</param>
internal sealed record BaseOrigin(BaseKind Kind, string Id, string? Revision)
{
    /// <summary>The <see cref="Id"/> of the embedded model.</summary>
    public const string EmbeddedId = "Microsoft.ML.Lora.MiniLM";

    private const string EmbeddedHubName = "sentence-transformers/all-MiniLM-L6-v2";

    /// <summary>What Python calls the model: its id on the hub, or a folder.</summary>
    public string PythonName => Kind == BaseKind.Embedded ? EmbeddedHubName : Id;

    /// <summary>
    /// The place that Python means by a name: a folder where there is one of that path, the embedded model by its name on the
    /// hub, else a model on the hub.
    /// </summary>
    /// <param name="name">A path or an id.</param>
    /// <param name="revision">The hub's branch, tag or commit; null for the main one.</param>
    public static BaseOrigin Named(string name, string? revision) =>
        name == EmbeddedHubName ? new BaseOrigin(BaseKind.Embedded, EmbeddedId, null)
        : Directory.Exists(name) || Path.IsPathRooted(name) ? new BaseOrigin(BaseKind.Folder, Path.GetFullPath(name), null)
        : new BaseOrigin(BaseKind.Hub, name, revision ?? "main");

    /// <summary>Opens the files; those of a model on the hub are fetched when they are not in the cache.</summary>
    /// <param name="progress">Told of every file that is fetched; null for nobody.</param>
    /// <param name="cancellation">Ends a download.</param>
    public BaseModelFiles Open(IProgress<HubProgress>? progress, CancellationToken cancellation) => Kind switch
    {
        BaseKind.Embedded => BaseModelFiles.Embedded(),
        BaseKind.Folder => BaseModelFiles.FromFolder(Id),
        _ => BaseModelFiles.FromFolder(new HubClient(HubSettings.FromEnvironment())
            .FetchAsync(Id, Revision!, progress, cancellation).GetAwaiter().GetResult()),
    };
}
