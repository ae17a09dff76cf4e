using System.Text;

namespace Microsoft.ML.Lora.Tensors;

/// <summary>
/// Random numbers by position: value <c>i</c> of a stream is a hash of (seed, name, i), so any thread can draw any of
/// them in any order and get the same bits.
/// </summary>
/// <remarks>
/// The hash is SplitMix64's finaliser (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014)
/// applied to a Weyl sequence that starts at the stream's key.
/// </remarks>
internal readonly struct RandomStream
{
    private const ulong Weyl = 0x9E3779B97F4A7C15;

    /// <summary>The stream <paramref name="name"/> of <paramref name="seed"/>.</summary>
    public RandomStream(ulong seed, string name) => Key = Mix(seed + Weyl) ^ HashName(name);

    private RandomStream(ulong key) => Key = key;

    /// <summary>What identifies the stream; a 64-bit seed for hashes made elsewhere.</summary>
    public ulong Key { get; }

    /// <summary>An independent stream below this one.</summary>
    public RandomStream Fork(string name) => new(Mix(Key + Weyl) ^ HashName(name));

    /// <summary>An independent stream for a step, a layer or an epoch.</summary>
    public RandomStream Fork(long number) => new(Mix(Mix(Key + Weyl) + unchecked((ulong)number * Weyl)));

    /// <summary>64 random bits.</summary>
    public ulong Bits(long index) => Mix(Key + ((unchecked((ulong)index) + 1) * Weyl));

    /// <summary>A number in [0, 1) on a grid of 2⁻⁵³.</summary>
    public double Uniform(long index) => (Bits(index) >> 11) * (1.0 / (1L << 53));

    /// <summary>A standard normal number (Box and Muller's transform of two uniform ones).</summary>
    public double Normal(long index)
    {
        var radius = Math.Sqrt(-2 * Math.Log(1 - Uniform(2 * index)));
        return radius * Math.Cos(2 * Math.PI * Uniform((2 * index) + 1));
    }

    /// <summary>An integer in [0, <paramref name="bound"/>), from the high bits of a 128-bit product.</summary>
    public int Integer(long index, int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)Math.BigMul(Bits(index), (ulong)bound, out _);
    }

    /// <summary>Fills with uniform numbers in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public void FillUniform(Span<float> destination, double low, double high)
    {
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = (float)(low + ((high - low) * Uniform(i)));
        }
    }

    /// <summary>Fills with normal numbers of the given standard deviation.</summary>
    public void FillNormal(Span<float> destination, double deviation)
    {
        for (var i = 0; i < destination.Length; i++)
        {
            destination[i] = (float)(deviation * Normal(i));
        }
    }

    /// <summary>Puts <paramref name="items"/> in a random order (Fisher and Yates).</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Integer(i, i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    private static ulong HashName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var hash = 0UL;
        foreach (var unit in Encoding.UTF8.GetBytes(name))
        {
            hash = Mix(hash + unit + Weyl);
        }

        return Mix(hash + (ulong)name.Length);
    }
}
