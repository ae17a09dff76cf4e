namespace Microsoft.ML.Lora.Checkpoints.Hub;

/// <summary>How far the download of a file is.</summary>
/// <param name="File">The file's name in the repository.</param>
/// <param name="BytesReceived">The bytes on disk, those of an earlier attempt included.</param>
/// <param name="BytesTotal">The file's size.</param>
internal readonly record struct HubProgress(string File, long BytesReceived, long BytesTotal);
