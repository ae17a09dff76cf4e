using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Checkpoints.Pickle;

/// <summary>
/// A checkpoint as <c>torch.save</c> writes it since PyTorch 1.6: a zip file with a pickle that describes the tensors
/// and an entry for each storage. Tensors are read in place; nothing of the pickle is executed.
/// </summary>
internal sealed class PickledWeights : WeightSource
{
    private const string PickleSuffix = "/data.pkl";
    private const int MaxPickleBytes = 1 << 26;
    private const int MaxRank = 32;

    private readonly MappedMemory _memory;
    private readonly ZipDirectory _directory;
    private readonly string _folder;
    private readonly Dictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);
    private readonly List<string> _problems = [];

    private PickledWeights(MappedMemory memory, string file)
    {
        Description = file;
        _memory = memory;
        CheckFormat();
        _directory = new ZipDirectory(memory, file);
        var pickles = _directory.Names.Where(name => name.EndsWith(PickleSuffix, StringComparison.Ordinal)).ToList();
        if (pickles is not [var pickle])
        {
            Throw.InvalidData_File(file, "the zip file has no single data.pkl; it is not a checkpoint of PyTorch.");
            pickle = string.Empty;
        }

        _folder = pickle[..^PickleSuffix.Length];
        CheckByteOrder();
        Collect(PickleReader.Read(ReadEntry(pickle, MaxPickleBytes), file));
        if (_problems.Count > 0)
        {
            Throw.InvalidData_Problems(file, "tensors do not fit their storages", _problems);
        }
    }

    /// <inheritdoc/>
    public override string Description { get; }

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <summary>Reads a file's bytes where they lie; the memory is disposed with the result.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    /// <exception cref="NotSupportedException">It is of the format before PyTorch 1.6, or holds other things than tensors.</exception>
    public static PickledWeights Open(MappedMemory memory, string file)
    {
        try
        {
            return new PickledWeights(memory, file);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override StoredTensor? Find(string name) => _tensors.GetValueOrDefault(name);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _memory.Dispose();

    private void CheckFormat()
    {
        using var start = _memory.Borrow(0, (int)Math.Min(2, _memory.Length));
        if (start.Span is [(byte)PickleOperation.Protocol, ..])
        {
            Throw.NotSupported_InFile(
                Description,
                "the file is in the format from before PyTorch 1.6, which is not read. Convert it once in Python: load it with torch.load, then model.save_pretrained(folder, safe_serialization=True).");
        }

        if (start.Span is not [(byte)'P', (byte)'K'])
        {
            Throw.InvalidData_File(Description, "the file is not a checkpoint of PyTorch (a zip file).");
        }
    }

    private void CheckByteOrder()
    {
        var name = _folder + "/byteorder";
        if (_directory.TryFind(name, out _) && !ReadEntry(name, 16).AsSpan().SequenceEqual("little"u8))
        {
            Throw.NotSupported_InFile(Description, "the checkpoint was written on a big-endian machine.");
        }
    }

    private byte[] ReadEntry(string name, int maxBytes)
    {
        _ = _directory.TryFind(name, out var place);
        if (place.Length > maxBytes)
        {
            Throw.InvalidData_File(Description, $"the entry {Throw.Quote(name)} has {place.Length} bytes; at most {maxBytes} are read.");
        }

        var bytes = new byte[place.Length];
        _memory.CopyTo(place.Offset, bytes);
        return bytes;
    }

    // A dictionary of tensors, or one inside under the names that training scripts use.
    private void Collect(object? value)
    {
        if (value is not PickledDictionary dictionary)
        {
            Throw.InvalidData_File(Description, "the checkpoint does not hold a dictionary of tensors.");
            return;
        }

        var inner = dictionary.Entries.FirstOrDefault(entry => entry.Key is "state_dict" or "model").Value as PickledDictionary;
        foreach (var (key, item) in (inner ?? dictionary).Entries)
        {
            if (key is string name && item is PickledTensor tensor)
            {
                Add(name, tensor);
            }
        }
    }

    private void Add(string name, PickledTensor tensor)
    {
        if (_tensors.ContainsKey(name))
        {
            _problems.Add($"the name {Throw.Quote(name)} stands twice");
            return;
        }

        var size = tensor.Storage.Type.Bits() / 8;
        if (!_directory.TryFind($"{_folder}/data/{tensor.Storage.Key}", out var place)
            || tensor.Storage.Count > place.Length / size)
        {
            _problems.Add($"{Throw.Quote(name)}: its storage {Throw.Quote(tensor.Storage.Key)} is missing or too short");
        }
        else if (!TryMeasure(tensor, out var count, out var isContiguous))
        {
            _problems.Add($"{Throw.Quote(name)}: [{string.Join(", ", tensor.Shape)}] goes beyond its storage of {tensor.Storage.Count}");
        }
        else if (isContiguous)
        {
            var offset = place.Offset + (tensor.Offset * size);
            _tensors.Add(name, new StoredTensor(name, tensor.Storage.Type, tensor.Shape, Description, _memory, offset));
        }
        else
        {
            var memory = MappedMemory.FromArray(Gather(tensor, place.Offset, (int)count, size));
            _tensors.Add(name, new StoredTensor(name, tensor.Storage.Type, tensor.Shape, Description, memory, 0));
        }
    }

    // The elements' number, none outside the storage, and no more of them than the storage has.
    private static bool TryMeasure(PickledTensor tensor, out long count, out bool isContiguous)
    {
        count = 1;
        isContiguous = true;
        var (shape, strides) = (tensor.Shape, tensor.Strides);
        if (shape.Length != strides.Length || shape.Length > MaxRank || tensor.Offset < 0)
        {
            return false;
        }

        Int128 last = tensor.Offset;
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            if (shape[i] < 0 || strides[i] < 0 || (shape[i] > 0 && count > tensor.Storage.Count / shape[i]))
            {
                return false;
            }

            isContiguous &= shape[i] == 1 || strides[i] == count;
            last += (Int128)Math.Max(0, shape[i] - 1) * strides[i];
            count *= shape[i];
        }

        isContiguous |= count == 0;
        return (count == 0 ? tensor.Offset <= tensor.Storage.Count : last < tensor.Storage.Count)
            && (isContiguous || count <= int.MaxValue / 8);
    }

    private byte[] Gather(PickledTensor tensor, long start, int count, int size)
    {
        var result = new byte[count * size];
        var index = new long[tensor.Shape.Length];
        for (var i = 0; i < count; i++)
        {
            var element = tensor.Offset;
            for (var axis = 0; axis < index.Length; axis++)
            {
                element += index[axis] * tensor.Strides[axis];
            }

            _memory.CopyTo(start + (element * size), result.AsSpan(i * size, size));
            for (var axis = index.Length - 1; axis >= 0 && ++index[axis] == tensor.Shape[axis]; axis--)
            {
                index[axis] = 0;
            }
        }

        return result;
    }
}
