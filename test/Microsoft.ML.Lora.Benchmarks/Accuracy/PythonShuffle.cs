using System.Numerics;

namespace Microsoft.ML.Lora.Benchmarks.Accuracy;

/// <summary>
/// The order that Python's <c>random.Random(seed).shuffle</c> gives, so that both sides of a comparison learn from the same rows:
/// the Mersenne Twister MT19937 (Matsumoto and Nishimura 1998), seeded by its array initialisation with one number.
/// </summary>
internal sealed class PythonShuffle
{
    private const int Words = 624;
    private const int Distance = 397;
    private const uint Low = 0x7FFFFFFF;
    private const uint Twist = 0x9908B0DF;

    private readonly uint[] _state = new uint[Words];
    private int _next = Words;

    private PythonShuffle(uint seed)
    {
        _state[0] = 19650218;
        for (uint i = 1; i < Words; i++)
        {
            _state[i] = (1812433253 * Folded(i - 1)) + i;
        }
        uint at = 1;
        for (int n = 0; n < Words; n++)
        {
            _state[at] = (_state[at] ^ (Folded(at - 1) * 1664525)) + seed;
            at = Following(at);
        }
        for (int n = 1; n < Words; n++)
        {
            _state[at] = (_state[at] ^ (Folded(at - 1) * 1566083941)) - at;
            at = Following(at);
        }
        _state[0] = 0x80000000;
    }

    /// <summary>Shuffles in place.</summary>
    public static void Apply<T>(T[] items, int seed)
    {
        var random = new PythonShuffle((uint)Math.Abs(seed));
        for (int last = items.Length - 1; last > 0; last--)
        {
            int other = random.Below(last + 1);
            (items[last], items[other]) = (items[other], items[last]);
        }
    }

    // As many bits as the limit has, drawn again until they are below it.
    private int Below(int limit)
    {
        int shift = BitOperations.LeadingZeroCount((uint)limit);
        uint number;
        do
        {
            number = Draw() >> shift;
        }
        while (number >= limit);
        return (int)number;
    }

    private uint Draw()
    {
        if (_next == Words)
        {
            TwistAll();
            _next = 0;
        }
        uint y = _state[_next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9D2C5680;
        y ^= (y << 15) & 0xEFC60000;
        return y ^ (y >> 18);
    }

    private void TwistAll()
    {
        for (int i = 0; i < Words; i++)
        {
            uint y = (_state[i] & ~Low) | (_state[(i + 1) % Words] & Low);
            _state[i] = _state[(i + Distance) % Words] ^ (y >> 1) ^ ((y & 1) * Twist);
        }
    }

    private uint Folded(uint i) => _state[i] ^ (_state[i] >> 30);

    // The first word repeats the last one before the round goes on.
    private uint Following(uint at)
    {
        if (at + 1 < Words)
        {
            return at + 1;
        }
        _state[0] = _state[Words - 1];
        return 1;
    }
}
