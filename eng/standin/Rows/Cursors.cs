using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A cursor that counts its own rows.</summary>
internal abstract class RootCursorBase : DataViewRowCursor
{
    protected readonly IChannel Ch;

    private long _position = -1;
    private bool _disposed;

    protected RootCursorBase(IChannelProvider provider)
    {
        Ch = provider.Start("Cursor");
    }

    public sealed override long Position => _position;

    protected bool IsGood => _position >= 0;

    public sealed override bool MoveNext()
    {
        if (_disposed)
        {
            return false;
        }

        if (MoveNextCore())
        {
            _position++;
            return true;
        }

        Dispose();
        return false;
    }

    protected abstract bool MoveNextCore();

    protected override void Dispose(bool disposing)
    {
        if (_disposed)
        {
            return;
        }

        if (disposing)
        {
            Ch.Dispose();
            _position = -1;
        }

        _disposed = true;
        base.Dispose(disposing);
    }
}

/// <summary>A cursor that counts its own rows and owns another that it reads.</summary>
internal abstract class LinkedRootCursorBase : RootCursorBase
{
    private bool _disposed;

    protected LinkedRootCursorBase(IChannelProvider provider, DataViewRowCursor input) : base(provider)
    {
        Input = input;
    }

    protected DataViewRowCursor Input { get; }

    protected override void Dispose(bool disposing)
    {
        if (_disposed)
        {
            return;
        }

        if (disposing)
        {
            Input.Dispose();
        }

        _disposed = true;
        base.Dispose(disposing);
    }
}

/// <summary>A cursor that moves exactly as another that it owns.</summary>
internal abstract class SynchronizedCursorBase : DataViewRowCursor
{
    protected readonly IChannel Ch;

    private bool _disposed;

    protected SynchronizedCursorBase(IChannelProvider provider, DataViewRowCursor input)
    {
        Ch = provider.Start("Cursor");
        Input = input;
    }

    public sealed override long Position => Input.Position;

    public sealed override long Batch => Input.Batch;

    protected DataViewRowCursor Input { get; }

    protected bool IsGood => Input.Position >= 0;

    public sealed override bool MoveNext() => Input.MoveNext();

    public sealed override ValueGetter<DataViewRowId> GetIdGetter() => Input.GetIdGetter();

    protected override void Dispose(bool disposing)
    {
        if (_disposed)
        {
            return;
        }

        if (disposing)
        {
            Input.Dispose();
            Ch.Dispose();
        }

        _disposed = true;
        base.Dispose(disposing);
    }
}

/// <summary>A row over another that it owns.</summary>
internal abstract class WrappingRow : DataViewRow
{
    private bool _disposed;

    private protected WrappingRow(DataViewRow input)
    {
        Input = input;
    }

    public sealed override long Batch => Input.Batch;

    public sealed override long Position => Input.Position;

    protected DataViewRow Input { get; }

    public override ValueGetter<DataViewRowId> GetIdGetter() => Input.GetIdGetter();

    protected virtual void DisposeCore(bool disposing)
    {
    }

    protected sealed override void Dispose(bool disposing)
    {
        if (_disposed)
        {
            return;
        }

        DisposeCore(disposing);
        if (disposing)
        {
            Input.Dispose();
        }

        _disposed = true;
    }
}
