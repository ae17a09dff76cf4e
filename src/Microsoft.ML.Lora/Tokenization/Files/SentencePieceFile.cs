using System.Buffers.Binary;
using System.Text;

namespace Microsoft.ML.Lora.Tokenization.Files;

/// <summary>
/// A SentencePiece model file: a protobuf message with the pieces (1), the trainer's settings (2) and the
/// normalizer's (3). Only what a unigram tokenizer needs is read.
/// </summary>
internal sealed class SentencePieceFile
{
    private const int UnigramType = 1;
    private const int MaxPieces = 1 << 24;

    private static readonly UTF8Encoding _strictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly List<(string Token, double Score)> _pieces = [];
    private readonly string _file;

    private SentencePieceFile(string file) => _file = file;

    /// <summary>Gets the pieces with their log-probabilities.</summary>
    public IReadOnlyList<(string Token, double Score)> Pieces => _pieces;

    /// <summary>Gets the place of the unknown piece; -1 when there is none.</summary>
    public int UnknownId { get; private set; } = -1;

    /// <summary>Gets the normalizer's table; empty when there is none.</summary>
    public byte[] NormalizerTable { get; private set; } = [];

    /// <summary>Reads a file's content.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="NotSupportedException">It is not a unigram model.</exception>
    public static SentencePieceFile Parse(ReadOnlySpan<byte> bytes, string file)
    {
        var model = new SentencePieceFile(file);
        while (model.TryReadField(ref bytes, out var number, out var content, out _))
        {
            switch (number)
            {
                case 1:
                    model.AddPiece(content);
                    break;
                case 2:
                    model.CheckType(content);
                    break;
                case 3:
                    model.ReadNormalizer(content);
                    break;
            }
        }

        if (model._pieces.Count == 0)
        {
            model.Damaged("it has no pieces");
        }

        return model;
    }

    private void AddPiece(ReadOnlySpan<byte> message)
    {
        const int UnknownPiece = 2;
        string token = string.Empty;
        double score = 0;
        while (TryReadField(ref message, out var number, out var content, out var value))
        {
            if (number == 1)
            {
                token = Text(content);
            }
            else if (number == 2 && content.Length == sizeof(float))
            {
                score = BinaryPrimitives.ReadSingleLittleEndian(content);
            }
            else if (number == 3 && value == UnknownPiece)
            {
                UnknownId = _pieces.Count;
            }
        }

        if (!double.IsFinite(score) || _pieces.Count == MaxPieces)
        {
            Damaged("a piece has no finite score, or there are too many");
        }

        _pieces.Add((token, score));
    }

    private void CheckType(ReadOnlySpan<byte> message)
    {
        while (TryReadField(ref message, out var number, out _, out var value))
        {
            if (number == 3 && value != UnigramType)
            {
                Throw.NotSupported_InFile(
                    _file,
                    $"the SentencePiece model is of type {value}; unigram models are supported. Save the tokenizer as tokenizer.json with transformers.");
            }
        }
    }

    private void ReadNormalizer(ReadOnlySpan<byte> message)
    {
        while (TryReadField(ref message, out var number, out var content, out _))
        {
            if (number == 2)
            {
                NormalizerTable = content.ToArray();
            }
        }
    }

    // A field's number, and its content (bytes or fixed-width value) or its value (variable-width integer).
    private bool TryReadField(ref ReadOnlySpan<byte> message, out int number, out ReadOnlySpan<byte> content, out ulong value)
    {
        number = 0;
        content = default;
        value = 0;
        if (message.IsEmpty)
        {
            return false;
        }

        var key = ReadInteger(ref message);
        number = (int)Math.Min(key >> 3, int.MaxValue);
        switch (key & 7)
        {
            case 0:
                value = ReadInteger(ref message);
                return true;
            case 1:
                content = Take(ref message, sizeof(ulong));
                return true;
            case 2:
                content = Take(ref message, ReadInteger(ref message));
                return true;
            case 5:
                content = Take(ref message, sizeof(uint));
                return true;
            default:
                Damaged("it has a field of an unknown kind");
                return false;
        }
    }

    private ulong ReadInteger(ref ReadOnlySpan<byte> message)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64 && !message.IsEmpty; shift += 7)
        {
            var part = message[0];
            message = message[1..];
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        Damaged("a number does not end");
        return 0;
    }

    private ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> message, ulong count)
    {
        if (count > (ulong)message.Length)
        {
            Damaged("it ends within a field");
        }

        var content = message[..(int)count];
        message = message[(int)count..];
        return content;
    }

    private string Text(ReadOnlySpan<byte> content)
    {
        try
        {
            return _strictUtf8.GetString(content);
        }
        catch (DecoderFallbackException)
        {
            Damaged("a piece is not valid UTF-8");
            return string.Empty;
        }
    }

    private void Damaged(string how) =>
        Throw.InvalidData_File(_file, $"this is not a SentencePiece model, or it is damaged: {how}.");
}
