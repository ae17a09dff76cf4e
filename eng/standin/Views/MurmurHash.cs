using System.Buffers.Binary;
using System.Numerics;

namespace Microsoft.ML.Transforms;

/// <summary>MurmurHash3 of 32 bits (Austin Appleby's x86 variant).</summary>
internal static class MurmurHash
{
    public static uint Hash(uint seed, ReadOnlySpan<byte> bytes)
    {
        uint hash = seed;
        int length = bytes.Length;
        for (; bytes.Length >= sizeof(uint); bytes = bytes[sizeof(uint)..])
        {
            hash ^= Scramble(BinaryPrimitives.ReadUInt32LittleEndian(bytes));
            hash = (BitOperations.RotateLeft(hash, 13) * 5) + 0xE6546B64;
        }

        uint rest = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            rest |= (uint)bytes[i] << (8 * i);
        }

        hash ^= Scramble(rest);
        return Finish(hash ^ (uint)length);
    }

    private static uint Scramble(uint word) => BitOperations.RotateLeft(word * 0xCC9E2D51, 15) * 0x1B873593;

    private static uint Finish(uint hash)
    {
        hash = (hash ^ (hash >> 16)) * 0x85EBCA6B;
        hash = (hash ^ (hash >> 13)) * 0xC2B2AE35;
        return hash ^ (hash >> 16);
    }
}
