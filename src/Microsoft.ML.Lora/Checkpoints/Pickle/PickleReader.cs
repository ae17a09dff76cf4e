using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.Lora.Checkpoints.Pickle;

/// <summary>
/// A pickle machine that knows only what <c>torch.save</c> writes for a dictionary of tensors: it builds values and
/// never calls anything. Every other operation, class or function is refused by its name.
/// </summary>
internal sealed class PickleReader
{
    private const int MaxDepth = 1 << 20;

    private static readonly UTF8Encoding _strictUtf8 = new(false, throwOnInvalidBytes: true);
    private static readonly object _mark = new();

    private readonly byte[] _bytes;
    private readonly string _file;
    private readonly List<object?> _stack = [];
    private readonly Dictionary<long, object?> _memo = [];
    private int _place;

    private PickleReader(byte[] bytes, string file)
    {
        _bytes = bytes;
        _file = file;
    }

    /// <summary>Reads a pickle's value.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="NotSupportedException">It holds something other than tensors; the message names it.</exception>
    public static object? Read(byte[] bytes, string file)
    {
        var reader = new PickleReader(bytes, file);
        try
        {
            return reader.Run();
        }
        catch (Exception error) when (
            error is IndexOutOfRangeException or ArgumentException or InvalidCastException or NullReferenceException
                or OverflowException or KeyNotFoundException)
        {
            throw new InvalidDataException($"'{file}': the pickle is damaged at byte {reader._place}.", error);
        }
    }

    private object? Run()
    {
        while (true)
        {
            var code = (PickleOperation)_bytes[_place++];
            if (code == PickleOperation.Stop)
            {
                return Pop();
            }

            if (_stack.Count > MaxDepth)
            {
                Throw.InvalidData_File(_file, "the pickle puts more on its stack than any checkpoint does.");
            }

            if (!ReadScalar(code) && !ReadText(code) && !Build(code) && !Remember(code))
            {
                var name = Enum.IsDefined(code) ? code.ToString() : $"0x{(byte)code:X2}";
                Throw.NotSupported_InFile(
                    _file,
                    $"the pickle has the operation {name} at byte {_place - 1}, which no file of tensors needs. Nothing of it was run; convert the model to safetensors if you trust it.");
            }
        }
    }

    private bool ReadScalar(PickleOperation code)
    {
        switch (code)
        {
            case PickleOperation.Protocol:
                Take(1);
                return true;
            case PickleOperation.Frame:
                Take(8);
                return true;
            case PickleOperation.None:
                return Push(null);
            case PickleOperation.NewTrue:
                return Push(true);
            case PickleOperation.NewFalse:
                return Push(false);
            case PickleOperation.BinInt:
                return Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
            case PickleOperation.BinInt1:
                return Push((long)Take(1)[0]);
            case PickleOperation.BinInt2:
                return Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
            case PickleOperation.Long1:
                return Push(ReadLong(Take(Take(1)[0])));
            case PickleOperation.BinFloat:
                return Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
            default:
                return false;
        }
    }

    private bool ReadText(PickleOperation code)
    {
        switch (code)
        {
            case PickleOperation.BinUnicode:
                return Push(Text(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))));
            case PickleOperation.ShortBinUnicode:
                return Push(Text(Take(Take(1)[0])));
            case PickleOperation.ShortBinString:
                return Push(Text(Take(Take(1)[0])));
            case PickleOperation.Global:
                var module = Line();
                return Push(Known(module, Line()));
            case PickleOperation.StackGlobal:
                var name = (string)Pop()!;
                return Push(Known((string)Pop()!, name));
            default:
                return false;
        }
    }

    private bool Build(PickleOperation code)
    {
        switch (code)
        {
            case PickleOperation.Mark:
                return Push(_mark);
            case PickleOperation.EmptyDict:
                return Push(new PickledDictionary());
            case PickleOperation.EmptyList:
                return Push(new List<object?>());
            case PickleOperation.EmptyTuple:
                return Push(Array.Empty<object?>());
            case PickleOperation.Tuple:
                return Push(PopToMark());
            case PickleOperation.Tuple1 or PickleOperation.Tuple2 or PickleOperation.Tuple3:
                return Push(PopMany(code - PickleOperation.Tuple1 + 1));
            case PickleOperation.Append:
                var item = Pop();
                ((List<object?>)_stack[^1]!).Add(item);
                return true;
            case PickleOperation.Appends:
                var items = PopToMark();
                ((List<object?>)_stack[^1]!).AddRange(items);
                return true;
            case PickleOperation.SetItem:
                AddEntries(PopMany(2));
                return true;
            case PickleOperation.SetItems:
                AddEntries(PopToMark());
                return true;
            case PickleOperation.Reduce:
                var arguments = Pop() as object?[] ?? throw new InvalidCastException();
                return Push(TensorPickle.Call((PickledName)Pop()!, arguments));
            case PickleOperation.BinPersistentId:
                return Push(TensorPickle.Storage(Pop()));
            case PickleOperation.Build:
                // Attributes of a dictionary, such as the versions that a state_dict carries.
                Pop();
                return _stack[^1] is PickledDictionary ? true : throw new InvalidCastException();
            default:
                return false;
        }
    }

    private bool Remember(PickleOperation code)
    {
        switch (code)
        {
            case PickleOperation.BinPut:
                _memo[Take(1)[0]] = _stack[^1];
                return true;
            case PickleOperation.LongBinPut:
                _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = _stack[^1];
                return true;
            case PickleOperation.Memoize:
                _memo[_memo.Count] = _stack[^1];
                return true;
            case PickleOperation.BinGet:
                return Push(_memo[Take(1)[0]]);
            case PickleOperation.LongBinGet:
                return Push(_memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))]);
            default:
                return false;
        }
    }

    private PickledName Known(string module, string name)
    {
        var known = new PickledName(module, name);
        if (!TensorPickle.IsKnown(known))
        {
            Throw.NotSupported_InFile(
                _file,
                $"the pickle names {Throw.Quote(known.ToString())}, which is no part of a file of tensors. Nothing of it was run; convert the model to safetensors if you trust it.");
        }

        return known;
    }

    private void AddEntries(object?[] items)
    {
        var entries = ((PickledDictionary)_stack[^1]!).Entries;
        for (var i = 0; i < items.Length; i += 2)
        {
            entries.Add(new KeyValuePair<object, object?>(items[i]!, items[i + 1]));
        }
    }

    private bool Push(object? value)
    {
        _stack.Add(value);
        return true;
    }

    private object? Pop()
    {
        var value = _stack[^1];
        _stack.RemoveAt(_stack.Count - 1);
        return ReferenceEquals(value, _mark) ? throw new InvalidCastException() : value;
    }

    private object?[] PopMany(int count)
    {
        var items = _stack.GetRange(_stack.Count - count, count);
        _stack.RemoveRange(_stack.Count - count, count);
        return items.Contains(_mark) ? throw new InvalidCastException() : [.. items];
    }

    private object?[] PopToMark()
    {
        var mark = _stack.LastIndexOf(_mark);
        var items = PopMany(_stack.Count - mark - 1);
        _stack.RemoveAt(mark);
        return items;
    }

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count > _bytes.Length - _place)
        {
            throw new IndexOutOfRangeException();
        }

        _place += (int)count;
        return _bytes.AsSpan(_place - (int)count, (int)count);
    }

    private string Line()
    {
        var length = _bytes.AsSpan(_place).IndexOf((byte)'\n');
        var text = Text(Take(length < 0 ? long.MaxValue : length));
        _place++;
        return text;
    }

    private static string Text(ReadOnlySpan<byte> bytes) => _strictUtf8.GetString(bytes);

    private static long ReadLong(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > sizeof(long))
        {
            throw new OverflowException();
        }

        var value = bytes.Length > 0 && (bytes[^1] & 0x80) != 0 ? -1L : 0L;
        for (var i = bytes.Length - 1; i >= 0; i--)
        {
            value = (value << 8) | bytes[i];
        }

        return value;
    }
}
