namespace Microsoft.ML.Lora.Checkpoints.Pickle;

/// <summary>
/// What a pickle may call in a checkpoint: the handful of names that <c>torch.save</c> writes for tensors. Everything
/// else is refused by name; nothing is ever executed.
/// </summary>
internal static class TensorPickle
{
    private static readonly Dictionary<string, StorageType> _storages = new(StringComparer.Ordinal)
    {
        ["torch.DoubleStorage"] = StorageType.F64,
        ["torch.FloatStorage"] = StorageType.F32,
        ["torch.HalfStorage"] = StorageType.F16,
        ["torch.BFloat16Storage"] = StorageType.BF16,
        ["torch.LongStorage"] = StorageType.I64,
        ["torch.IntStorage"] = StorageType.I32,
        ["torch.ShortStorage"] = StorageType.I16,
        ["torch.CharStorage"] = StorageType.I8,
        ["torch.ByteStorage"] = StorageType.U8,
        ["torch.BoolStorage"] = StorageType.Bool,
    };

    private static readonly Dictionary<string, Func<object?[], object>> _functions = new(StringComparer.Ordinal)
    {
        ["collections.OrderedDict"] = _ => new PickledDictionary(),
        ["torch._utils._rebuild_tensor_v2"] = Tensor,
        ["torch._utils._rebuild_parameter"] = arguments => (PickledTensor)arguments[0]!,
        ["torch.Size"] = arguments => arguments[0]!,
    };

    /// <summary>Whether a name may occur.</summary>
    public static bool IsKnown(PickledName name) =>
        _functions.ContainsKey(name.ToString()) || _storages.ContainsKey(name.ToString());

    /// <summary>What a call of a known name gives.</summary>
    /// <exception cref="InvalidCastException">The arguments are not what the name takes.</exception>
    public static object? Call(PickledName name, object?[] arguments) =>
        _functions.TryGetValue(name.ToString(), out var function)
            ? function(arguments)
            : throw new InvalidCastException();

    /// <summary>What a persistent id stands for: <c>("storage", class, key, location, count)</c>.</summary>
    /// <exception cref="InvalidCastException">It is not a storage.</exception>
    public static PickledStorage Storage(object? id)
    {
        if (id is object?[] { Length: >= 5 } parts && parts[0] is "storage" && parts[1] is PickledName type
            && parts[2] is string key && parts[4] is long count and >= 0
            && _storages.TryGetValue(type.ToString(), out var storageType))
        {
            return new PickledStorage(storageType, key, count);
        }

        throw new InvalidCastException();
    }

    private static PickledTensor Tensor(object?[] arguments) => new(
        (PickledStorage)arguments[0]!, (long)arguments[1]!, Numbers(arguments[2]), Numbers(arguments[3]));

    private static long[] Numbers(object? tuple) => [.. ((object?[])tuple!).Select(item => (long)item!)];
}
