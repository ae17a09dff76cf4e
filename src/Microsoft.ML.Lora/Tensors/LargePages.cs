using System.Runtime.InteropServices;

namespace Microsoft.ML.Lora.Tensors;

/// <summary>
/// Memory straight from Linux in pieces that it may back by pages of 2 MB: weights of tens of megabytes then take some twenty
/// entries of the processor's address cache instead of ten thousand, and a short product no longer waits for page walks.
/// </summary>
/// <remarks>
/// Blocks are cut from pieces of 32 MB one after the other, since most are smaller than a large page; a piece goes back when the
/// last of its blocks is disposed. Before that, the block cut last makes room for the next, and of others whole large pages go back:
/// giving back less would break pages up. Elsewhere than on Linux, and for small blocks, the heap serves.
/// </remarks>
internal static unsafe partial class LargePages
{
    /// <summary>Smaller blocks are better kept together on the heap.</summary>
    public const long SmallestBlock = 1 << 16;

    private const long PageBytes = 1 << 21;
    private const long PieceBytes = 16 * PageBytes;
    private const int ReadAndWrite = 3;
    private const int PrivateAnonymous = 0x22;

    private static readonly Lock _gate = new();
    private static Piece? _open;

    /// <summary>Zeroed memory on a 64-byte boundary; null when the heap has to serve.</summary>
    public static Block? Rent(long bytes)
    {
        if (bytes < SmallestBlock || !OperatingSystem.IsLinux())
        {
            return null;
        }

        bytes = (bytes + AlignedBuffer.Alignment - 1) & ~(AlignedBuffer.Alignment - 1L);
        lock (_gate)
        {
            if (bytes > PieceBytes / 2)
            {
                return Piece.Map(bytes)?.Take(bytes);
            }

            if (_open == null || _open.Left < bytes)
            {
                _open = Piece.Map(PieceBytes);
            }

            return _open?.Take(bytes);
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* address, nuint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* address, nuint bytes);

    /// <summary>Part of a piece; gives it back once.</summary>
    public sealed class Block
    {
        private readonly Piece _piece;
        private readonly long _bytes;

        internal Block(Piece piece, byte* pointer, long bytes)
        {
            _piece = piece;
            _bytes = bytes;
            Pointer = pointer;
        }

        /// <summary>First byte.</summary>
        public byte* Pointer { get; }

        /// <summary>Gives the memory back.</summary>
        public void Return() => _piece.Return(Pointer, _bytes);
    }

    /// <summary>What was mapped at once.</summary>
    internal sealed class Piece
    {
        private readonly void* _mapping;
        private readonly nuint _mapped;
        private readonly byte* _first;
        private readonly long _bytes;
        private long _used;
        private long _touched;
        private int _blocks;

        private Piece(void* mapping, nuint mapped, long bytes)
        {
            _mapping = mapping;
            _mapped = mapped;
            _bytes = bytes;
            _first = (byte*)(((nint)mapping + PageBytes - 1) & ~(nint)(PageBytes - 1));
            // Advice: where it is not taken, memory is what it would have been.
            MemoryAdvice.PreferHugePages(_first, (nuint)(bytes & ~(PageBytes - 1)));
        }

        public long Left => _bytes - _used;

        public static Piece? Map(long bytes)
        {
            nuint mapped = (nuint)(bytes + PageBytes);
            try
            {
                void* mapping = LargePages.Map(null, mapped, ReadAndWrite, PrivateAnonymous, -1, 0);
                return mapping == (void*)-1 ? null : new Piece(mapping, mapped, bytes);
            }
            catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
            {
                // A C library under another name: the heap serves.
                return null;
            }
        }

        public Block Take(long bytes)
        {
            byte* pointer = _first + _used;
            NativeMemory.Clear(pointer, (nuint)Math.Clamp(_touched - _used, 0, bytes));
            _used += bytes;
            _touched = Math.Max(_touched, _used);
            _blocks++;
            return new Block(this, pointer, bytes);
        }

        public void Return(byte* pointer, long bytes)
        {
            lock (_gate)
            {
                if (--_blocks == 0)
                {
                    if (_open == this)
                    {
                        _open = null;
                    }

                    _ = Unmap(_mapping, _mapped);
                    return;
                }

                if (pointer + bytes == _first + _used)
                {
                    _used -= bytes;
                    return;
                }

                nint from = ((nint)pointer + (nint)PageBytes - 1) & ~(nint)(PageBytes - 1);
                nint to = ((nint)pointer + (nint)bytes) & ~(nint)(PageBytes - 1);
                if (to > from)
                {
                    MemoryAdvice.DontNeed((void*)from, (nuint)(to - from));
                }
            }
        }
    }
}
