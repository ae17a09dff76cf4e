namespace Microsoft.ML.Lora.Checkpoints;

/// <summary>How the elements of a stored tensor are written; names as in the safetensors format.</summary>
internal enum StorageType
{
    F64,
    F32,
    F16,
    BF16,
    I64,
    I32,
    I16,
    I8,
    U64,
    U32,
    U16,
    U8,
    Bool,
    C64,
    F8E4M3,
    F8E5M2,
    F8E8M0,
    F6E2M3,
    F6E3M2,
    F4,
}

/// <summary>Sizes and names of <see cref="StorageType"/>.</summary>
internal static class StorageTypes
{
    private static readonly Dictionary<string, StorageType> _byName = new(StringComparer.Ordinal)
    {
        ["F64"] = StorageType.F64,
        ["F32"] = StorageType.F32,
        ["F16"] = StorageType.F16,
        ["BF16"] = StorageType.BF16,
        ["I64"] = StorageType.I64,
        ["I32"] = StorageType.I32,
        ["I16"] = StorageType.I16,
        ["I8"] = StorageType.I8,
        ["U64"] = StorageType.U64,
        ["U32"] = StorageType.U32,
        ["U16"] = StorageType.U16,
        ["U8"] = StorageType.U8,
        ["BOOL"] = StorageType.Bool,
        ["C64"] = StorageType.C64,
        ["F8_E4M3"] = StorageType.F8E4M3,
        ["F8_E5M2"] = StorageType.F8E5M2,
        ["F8_E8M0"] = StorageType.F8E8M0,
        ["F6_E2M3"] = StorageType.F6E2M3,
        ["F6_E3M2"] = StorageType.F6E3M2,
        ["F4"] = StorageType.F4,
    };

    private static readonly Dictionary<StorageType, string> _names =
        _byName.ToDictionary(pair => pair.Value, pair => pair.Key);

    /// <summary>Finds a type by the name the safetensors format gives it.</summary>
    public static bool TryParse(string name, out StorageType type) => _byName.TryGetValue(name, out type);

    /// <summary>The name the safetensors format gives the type.</summary>
    public static string Name(this StorageType type) => _names[type];

    /// <summary>The size of one element in bits.</summary>
    public static int Bits(this StorageType type) => type switch
    {
        StorageType.F64 or StorageType.I64 or StorageType.U64 or StorageType.C64 => 64,
        StorageType.F32 or StorageType.I32 or StorageType.U32 => 32,
        StorageType.F16 or StorageType.BF16 or StorageType.I16 or StorageType.U16 => 16,
        StorageType.F6E2M3 or StorageType.F6E3M2 => 6,
        StorageType.F4 => 4,
        _ => 8,
    };

    /// <summary>Whether the elements are floating-point numbers that can be widened to float.</summary>
    public static bool IsFloat(this StorageType type) =>
        type is StorageType.F64 or StorageType.F32 or StorageType.F16 or StorageType.BF16;
}
