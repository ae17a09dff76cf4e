using System.Text;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Hostile;

/// <summary>Files that differ a little from right ones, the same ones every run, and what may come of reading them.</summary>
internal static class Mutants
{
    private const long MaxAllocated = 64 << 20;

    /// <summary>Reads that many mutants: each is read, or refused with an error about its content, in little memory.</summary>
    public static void Use(byte[] original, Action<byte[]> use, int count = 3000)
    {
        for (var seed = 0; seed < count; seed++)
        {
            var mutated = Mutation(original, new Random(seed));
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                use(mutated);
            }
            catch (Exception error) when (error is InvalidDataException or NotSupportedException or FileNotFoundException)
            {
                Assert.NotEmpty(error.Message);
            }
            catch (Exception error)
            {
                Assert.Fail($"Mutation {seed} of {Encoding.Latin1.GetString(mutated)}\n{error}");
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocated);
        }
    }

    // One to four small changes: a bit, a byte, a digit, a run left out, doubled or moved, an end cut off.
    private static byte[] Mutation(byte[] original, Random random)
    {
        var bytes = original.ToList();
        for (var changes = random.Next(1, 5); changes > 0 && bytes.Count > 2; changes--)
        {
            var place = random.Next(bytes.Count);
            var length = Math.Min(random.Next(1, 24), bytes.Count - place);
            switch (random.Next(8))
            {
                case 0:
                    bytes[place] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[place] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(place, length);
                    break;
                case 3:
                    bytes.InsertRange(place, bytes.GetRange(place, length));
                    break;
                case 4:
                    bytes.InsertRange(place, "-18446744073709551616e3"u8[..random.Next(1, 20)].ToArray());
                    break;
                case 5:
                    bytes.RemoveRange(place, bytes.Count - place);
                    break;
                case 6:
                    var moved = bytes.GetRange(place, length);
                    bytes.RemoveRange(place, length);
                    bytes.InsertRange(random.Next(bytes.Count + 1), moved);
                    break;
                default:
                    bytes[place] = (byte)"{}[]\",:0129.nulltrue"[random.Next(20)];
                    break;
            }
        }

        return [.. bytes];
    }
}
