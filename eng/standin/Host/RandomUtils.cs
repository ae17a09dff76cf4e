namespace Microsoft.ML;

/// <summary>Makes the generator that hosts, splits and shuffles draw from.</summary>
internal static class RandomUtils
{
    public static TauswortheHybrid Create() => new((uint)Random.Shared.NextInt64(1L << 32));

    public static TauswortheHybrid Create(uint? seed) => seed.HasValue ? Create(seed.Value) : Create();

    public static TauswortheHybrid Create(int? seed) => seed.HasValue ? Create(seed.Value) : Create();

    public static TauswortheHybrid Create(uint seed) => new(seed);

    public static TauswortheHybrid Create(int seed) => new((uint)seed);

    public static TauswortheHybrid Create(Random seed) => new(seed);

    public static float NextSingle(this Random random) =>
        random is TauswortheHybrid hybrid ? hybrid.NextFloat() : (float)random.NextDouble();

    private static uint NextWord(Random random) => ((uint)random.Next(1 << 16) << 16) | (uint)random.Next(1 << 16);

    public static int NextSigned(this Random random) =>
        random is TauswortheHybrid hybrid ? hybrid.NextSignedCore() : unchecked((int)random.NextInt64());
}

/// <summary>
/// A combined generator: three Tausworthe shift registers and a linear congruential one, xored (GPU Gems 3,
/// chapter 37).
/// </summary>
internal sealed class TauswortheHybrid : Random
{
    private uint _u1;
    private uint _u2;
    private uint _u3;
    private uint _u4;

    public TauswortheHybrid(uint seed)
    {
        _u1 = seed;
        _u2 = MurmurRound(_u1, _u1);
        _u3 = MurmurRound(_u2, _u1);
        _u4 = MurmurRound(_u3, _u1);
    }

    /// <summary>Takes the state from another generator: four words of two draws each.</summary>
    public TauswortheHybrid(Random rand)
    {
        _u1 = DrawWord(rand);
        _u2 = DrawWord(rand);
        _u3 = DrawWord(rand);
        _u4 = DrawWord(rand);
    }

    public TauswortheHybrid(uint u1, uint u2, uint u3, uint u4)
    {
        _u1 = u1;
        _u2 = u2;
        _u3 = u3;
        _u4 = u4;
    }

    public override int Next() => (int)(NextWord() & int.MaxValue);

    public override int Next(int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxValue);
        return (int)((ulong)maxValue * NextWord() >> 32);
    }

    public override int Next(int minValue, int maxValue)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minValue, maxValue);
        return minValue + (int)((ulong)((long)maxValue - minValue) * NextWord() >> 32);
    }

    public override double NextDouble() => NextWord() / (double)(1UL << 32);

    public override void NextBytes(byte[] buffer)
    {
        for (var i = 0; i < buffer.Length; i++)
        {
            buffer[i] = (byte)NextWord();
        }
    }

    /// <summary>A number in [0, 1) of 23 random bits.</summary>
    public float NextFloat() => (NextWord() >> 9) / (float)(1 << 23);

    public int NextSignedCore() => (int)NextWord();

    protected override double Sample() => NextDouble();

    private static uint DrawWord(Random rand)
    {
        var high = (uint)rand.Next(1 << 16);
        return high << 16 | (uint)rand.Next(1 << 16);
    }

    private static uint MurmurRound(uint hash, uint chunk)
    {
        chunk *= 0xCC9E2D51;
        chunk = uint.RotateLeft(chunk, 15);
        chunk *= 0x1B873593;
        hash ^= chunk;
        hash = uint.RotateLeft(hash, 13);
        return hash * 5 + 0xE6546B64;
    }

    private static uint Step(uint z, int a, int b, int c, uint mask) => ((z & mask) << c) ^ (((z << a) ^ z) >> b);

    private uint NextWord()
    {
        _u1 = Step(_u1, 13, 19, 12, ~1u);
        _u2 = Step(_u2, 2, 25, 4, ~7u);
        _u3 = Step(_u3, 3, 11, 17, ~15u);
        _u4 = 1664525 * _u4 + 1013904223;
        return _u1 ^ _u2 ^ _u3 ^ _u4;
    }
}
