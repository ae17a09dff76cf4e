using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Optimization;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Training.Resuming;

/// <summary>A checkpoint of a run as one safetensors file.</summary>
/// <remarks>
/// Tensors: <c>parameters/…</c>, <c>optimizer/…</c> and <c>best/…</c>, float32 or float64 as they are in memory. Metadata:
/// <c>format</c>, the text <c>run</c> (JSON: everything that is no tensor) and <c>sha256</c> over that text and all tensors, so that
/// a file cut or altered anywhere is found out.
/// </remarks>
internal static class RunCheckpointFile
{
    private const string Format = "lora-training-run-1";
    private const string Parameters = "parameters/";
    private const string Optimizer = "optimizer/";
    private const string Best = "best/";

    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Writes the file and moves it into place.</summary>
    public static void Write(string path, RunCheckpoint checkpoint)
    {
        string run = JsonSerializer.Serialize(RunText.Of(checkpoint), _json);
        SortedDictionary<string, Array> arrays = Arrays(checkpoint);
        SafetensorsWriter.Write(
            path,
            arrays.Select(pair => ToWrite(pair.Key, pair.Value, checkpoint.Position.Best.State)),
            new Dictionary<string, string> { ["format"] = Format, ["run"] = run, ["sha256"] = Hash(run, arrays) });
    }

    /// <summary>Reads a file back.</summary>
    /// <exception cref="InvalidDataException">It is cut, altered, or no such file at all.</exception>
    public static RunCheckpoint Read(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        if (file.Metadata.GetValueOrDefault("format") != Format)
        {
            Throw.InvalidData_File(path, "it is no checkpoint of a training run that this version reads.");
        }
        string run = file.Metadata.GetValueOrDefault("run", "");
        var arrays = new SortedDictionary<string, Array>(StringComparer.Ordinal);
        foreach (string name in file.Names)
        {
            StoredTensor tensor = file.Find(name)!;
            if (tensor.Type is not (StorageType.F32 or StorageType.F64))
            {
                Throw.InvalidData_File(path, $"tensor {Throw.Quote(name)} is stored as {tensor.Type.Name()}.");
            }
            arrays[name] = ToArray(tensor);
        }
        if (Hash(run, arrays) != file.Metadata.GetValueOrDefault("sha256"))
        {
            Throw.InvalidData_File(path, "it is not what was written: its SHA-256 differs.");
        }
        return Parse(path, run).ToCheckpoint(
            Part(arrays, Parameters).ToDictionary(pair => pair.Key, pair => pair.Value as float[] ?? []),
            Part(arrays, Optimizer),
            BestState(file));
    }

    private static RunText Parse(string path, string run)
    {
        RunText? text = null;
        try
        {
            text = JsonSerializer.Deserialize<RunText>(run, _json);
        }
        catch (JsonException error)
        {
            Throw.InvalidData_File(path, $"its text is damaged: {error.Message}");
        }
        if (text is null)
        {
            Throw.InvalidData_File(path, "its text is empty.");
        }
        return text;
    }

    private static SortedDictionary<string, Array> Arrays(RunCheckpoint checkpoint)
    {
        var arrays = new SortedDictionary<string, Array>(StringComparer.Ordinal);
        foreach ((string name, float[] values) in checkpoint.Session.Parameters)
        {
            arrays[Parameters + name] = values;
        }
        foreach ((string name, Array values) in checkpoint.Session.Optimizer.Arrays)
        {
            arrays[Optimizer + name] = values;
        }
        if (checkpoint.Position.Best.State is { } best)
        {
            foreach ((string name, AdapterTensor tensor) in best.Tensors)
            {
                arrays[Best + name] = tensor.Values;
            }
        }
        return arrays;
    }

    private static TensorToWrite ToWrite(string name, Array values, AdapterState? best)
    {
        long[] shape = name.StartsWith(Best, StringComparison.Ordinal) && best?.Find(name[Best.Length..]) is { } tensor
            ? [.. tensor.Shape.Select(size => (long)size)]
            : [values.Length];
        StorageType type = (values is float[]) ? StorageType.F32 : StorageType.F64;
        return new TensorToWrite(name, type, shape, stream => stream.Write(BytesOf(values)));
    }

    private static Array ToArray(StoredTensor tensor) => tensor.Type == StorageType.F64 ? tensor.ToDoubles() : tensor.ToArray();

    private static Dictionary<string, Array> Part(SortedDictionary<string, Array> arrays, string prefix) => arrays
        .Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal))
        .ToDictionary(pair => pair.Key[prefix.Length..], pair => pair.Value, StringComparer.Ordinal);

    private static AdapterState? BestState(SafetensorsFile file)
    {
        var state = new AdapterState();
        foreach (string name in file.Names.Where(name => name.StartsWith(Best, StringComparison.Ordinal)))
        {
            state[name[Best.Length..]] = AdapterTensor.Of(file.Find(name)!);
        }
        return state.Names.Count == 0 ? null : state;
    }

    private static string Hash(string run, SortedDictionary<string, Array> arrays)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(run));
        foreach ((string name, Array values) in arrays)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name));
            hash.AppendData(BytesOf(values));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static ReadOnlySpan<byte> BytesOf(Array values) => values is float[] floats
        ? MemoryMarshal.AsBytes<float>(floats)
        : MemoryMarshal.AsBytes<double>((double[])values);
}
