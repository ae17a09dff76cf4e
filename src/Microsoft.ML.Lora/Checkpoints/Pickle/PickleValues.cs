namespace Microsoft.ML.Lora.Checkpoints.Pickle;

/// <summary>A class or function that a pickle names; nothing of that name is ever run.</summary>
internal sealed record PickledName(string Module, string Name)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>The storage of one or more tensors: an entry <c>data/KEY</c> of the archive.</summary>
/// <param name="Type">How its elements are stored.</param>
/// <param name="Key">The entry's name.</param>
/// <param name="Count">Its number of elements.</param>
internal sealed record PickledStorage(StorageType Type, string Key, long Count);

/// <summary>A tensor: a view of a storage.</summary>
/// <param name="Storage">The storage.</param>
/// <param name="Offset">The first element's place.</param>
/// <param name="Shape">The sizes.</param>
/// <param name="Strides">The distances between neighbours, in elements.</param>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, long[] Shape, long[] Strides);

/// <summary>A dictionary, its entries in order.</summary>
internal sealed class PickledDictionary
{
    /// <summary>Gets the entries.</summary>
    public List<KeyValuePair<object, object?>> Entries { get; } = [];
}
