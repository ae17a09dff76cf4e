using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

// Payload: size of float (i32), row limit (i64), flags (u32), input size (i32), separators (i32 count, u16 each),
// escape character, decimal marker, columns (i32 count; name, kind, key, segments). Side file: the header line.
public sealed partial class TextLoader
{
    private const string HeaderFileName = "Header.txt";
    private const int LargestCount = 1 << 24;
    private const uint FirstVersionWithEscape = 0x0001000D;
    private const uint FirstVersionWithDecimalMarker = 0x0001000E;

    [Flags]
    private enum Flags : uint
    {
        None = 0,
        Trim = 1,
        Header = 2,
        Quoting = 4,
        Sparse = 8,
        Multilines = 0x10,
        MissingReals = 0x20,
        All = 0x3F,
    }

    private TextLoader(IHostEnvironment env, ModelLoadContext ctx)
    {
        Contracts.CheckValue(env, nameof(env));
        _host = env.Register(LoaderSignature);
        _host.CheckValue(ctx, nameof(ctx));
        ctx.CheckAtModel(GetVersionInfo());
        _host.CheckDecode(ctx.Reader.ReadInt32() == sizeof(float));
        _useThreads = true;
        long maxRows = ctx.Reader.ReadInt64();
        _host.CheckDecode(maxRows >= 0);
        var flags = (Flags)ctx.Reader.ReadUInt32();
        _host.CheckDecode((flags & ~Flags.All) == 0);
        _format = ReadFormat(ctx, maxRows, flags);
        _columns = new TextColumn[ReadCount(ctx)];
        for (int i = 0; i < _columns.Length; i++)
        {
            _columns[i] = ReadColumn(ctx);
        }

        string header = null;
        if (flags.HasFlag(Flags.Header))
        {
            ctx.TryLoadTextStream(HeaderFileName, reader => header = reader.ReadLine());
        }

        _header = header;
        _schema = TextHeader.CreateSchema(_columns, _header, _format, _host);
    }

    /// <summary>Reads a loader.</summary>
    internal static TextLoader Create(IHostEnvironment env, ModelLoadContext ctx) => new(env, ctx);

    private static VersionInfo GetVersionInfo() => new(
        modelSignature: "TXTLOADR",
        verWrittenCur: 0x0001000E,
        verReadableCur: 0x0001000A,
        verWeCanReadBack: 0x00010009,
        loaderSignature: LoaderSignature,
        loaderAssemblyName: RealAssemblies.Data);

    private void Save(ModelSaveContext ctx)
    {
        _host.CheckValue(ctx, nameof(ctx));
        ctx.CheckAtModel();
        ctx.SetVersionInfo(GetVersionInfo());
        BinaryWriter writer = ctx.Writer;
        writer.Write(sizeof(float));
        writer.Write(_format.MaxRows);
        writer.Write((uint)GetFlags());
        writer.Write(_format.InputSize);
        writer.Write(_format.Separators.Length);
        foreach (char separator in _format.Separators)
        {
            writer.Write((ushort)separator);
        }

        writer.Write(_format.EscapeChar);
        writer.Write(_format.DecimalMarker);
        writer.Write(_columns.Length);
        foreach (TextColumn column in _columns)
        {
            WriteColumn(ctx, column);
        }

        if (!string.IsNullOrEmpty(_header))
        {
            ctx.SaveTextStream(HeaderFileName, header => header.WriteLine(_header));
        }
    }

    private Flags GetFlags() =>
        (_format.TrimWhitespace ? Flags.Trim : 0)
        | (_format.HasHeader ? Flags.Header : 0)
        | (_format.AllowQuoting ? Flags.Quoting : 0)
        | (_format.AllowSparse ? Flags.Sparse : 0)
        | (_format.ReadMultilines ? Flags.Multilines : 0)
        | (_format.MissingRealsAsNaNs ? Flags.MissingReals : 0);

    private static void WriteColumn(ModelSaveContext ctx, TextColumn column)
    {
        ctx.SaveNonEmptyString(column.Name);
        ctx.Writer.Write((byte)column.Kind);
        ctx.Writer.Write(column.KeyType != null);
        if (column.KeyType != null)
        {
            ctx.Writer.Write(column.KeyType.Count);
        }

        ctx.Writer.Write(column.Segments.Length);
        foreach (TextSegment segment in column.Segments)
        {
            ctx.Writer.Write(segment.Min);
            ctx.Writer.Write(segment.Lim);
            ctx.Writer.Write(segment.ForceVector);
        }
    }

    private TextFormat ReadFormat(ModelLoadContext ctx, long maxRows, Flags flags)
    {
        int inputSize = ctx.Reader.ReadInt32();
        _host.CheckDecode(inputSize >= 0);
        var separators = new char[ReadCount(ctx)];
        _host.CheckDecode(separators.Length > 0);
        for (int i = 0; i < separators.Length; i++)
        {
            separators[i] = (char)ctx.Reader.ReadUInt16();
        }

        return new TextFormat
        {
            Separators = separators,
            EscapeChar = ctx.Header.ModelVerWritten >= FirstVersionWithEscape ? ctx.Reader.ReadChar() : '"',
            DecimalMarker = ctx.Header.ModelVerWritten >= FirstVersionWithDecimalMarker ? ctx.Reader.ReadChar() : '.',
            InputSize = inputSize,
            MaxRows = maxRows,
            HasHeader = flags.HasFlag(Flags.Header),
            AllowQuoting = flags.HasFlag(Flags.Quoting),
            AllowSparse = flags.HasFlag(Flags.Sparse),
            TrimWhitespace = flags.HasFlag(Flags.Trim),
            ReadMultilines = flags.HasFlag(Flags.Multilines),
            MissingRealsAsNaNs = flags.HasFlag(Flags.MissingReals),
        };
    }

    private TextColumn ReadColumn(ModelLoadContext ctx)
    {
        string name = ctx.LoadNonEmptyString();
        var kind = (DataKind)ctx.Reader.ReadByte();
        _host.CheckDecode(Enum.IsDefined(kind));
        KeyDataViewType key = null;
        if (ctx.Reader.ReadByte() != 0)
        {
            ulong count = ctx.Reader.ReadUInt64();
            Type raw = TextColumn.ItemType(kind).RawType;
            _host.CheckDecode(KeyDataViewType.IsValidDataType(raw) && count > 0);
            key = new KeyDataViewType(raw, count);
        }

        var segments = new TextSegment[ReadCount(ctx)];
        _host.CheckDecode(segments.Length > 0);
        for (int i = 0; i < segments.Length; i++)
        {
            int min = ctx.Reader.ReadInt32();
            int lim = ctx.Reader.ReadInt32();
            _host.CheckDecode(min >= 0 && min < lim);
            segments[i] = new TextSegment(min, lim, ctx.Reader.ReadByte() != 0);
        }

        return new TextColumn(name, kind, key, segments);
    }

    private int ReadCount(ModelLoadContext ctx)
    {
        int count = ctx.Reader.ReadInt32();
        _host.CheckDecode(count is >= 0 and <= LargestCount);
        return count;
    }
}
