using System.IO.Compression;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Named streams that make up a model.</summary>
internal abstract class Repository : IDisposable
{
    internal Repository(bool needDir, IExceptionContext ectx)
    {
        ExceptionContext = ectx;
    }

    public IExceptionContext ExceptionContext { get; }

    protected bool Disposed { get; private set; }

    public void Dispose()
    {
        if (!Disposed)
        {
            Dispose(true);
            Disposed = true;
        }
    }

    protected static string NormalizeForArchiveEntry(string path) => path?.Replace('\\', '/');

    protected abstract void OnDispose(Entry ent);

    protected virtual void Dispose(bool disposing)
    {
    }

    /// <summary>One open stream of the repository.</summary>
    public sealed class Entry : IDisposable
    {
        private readonly Repository _repository;
        private bool _disposed;

        internal Entry(Repository rep, string path, Stream stream)
        {
            _repository = rep;
            Path = path;
            Stream = stream;
        }

        public string Path { get; }

        public Stream Stream { get; }

        public void Dispose()
        {
            if (!_disposed)
            {
                _disposed = true;
                _repository.OnDispose(this);
                Stream.Dispose();
            }
        }
    }
}

/// <summary>Writes a model as a zip; entries go into it in the order in which they are closed.</summary>
internal sealed class RepositoryWriter : Repository
{
    private readonly ZipArchive _archive;
    private bool _committed;

    private RepositoryWriter(Stream stream, IExceptionContext ectx) : base(false, ectx)
    {
        _archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true);
    }

    public static RepositoryWriter CreateNew(Stream stream, IExceptionContext ectx = null, bool useFileSystem = true)
    {
        ectx.CheckValue(stream, nameof(stream));
        return new RepositoryWriter(stream, ectx);
    }

    public Entry CreateEntry(string name) => CreateEntry(null, name);

    public Entry CreateEntry(string dir, string name)
    {
        ExceptionContext.CheckNonEmpty(name, nameof(name));
        ExceptionContext.Check(!_committed, "Already committed");
        return new Entry(this, PathOf(dir, name), ScratchStream.Create(-1));
    }

    public void Commit()
    {
        ExceptionContext.Check(!_committed, "Already committed");
        _committed = true;
        _archive.Dispose();
    }

    protected override void OnDispose(Entry ent)
    {
        if (_committed || Disposed)
        {
            return;
        }

        using var target = _archive.CreateEntry(ent.Path).Open();
        ent.Stream.Position = 0;
        ent.Stream.CopyTo(target);
    }

    protected override void Dispose(bool disposing)
    {
        if (!_committed)
        {
            _archive.Dispose();
        }
    }

    private static string PathOf(string dir, string name) =>
        NormalizeForArchiveEntry(string.IsNullOrEmpty(dir) ? name : $"{dir}/{name}");
}

/// <summary>Reads a model from a zip.</summary>
internal sealed class RepositoryReader : Repository
{
    private readonly ZipArchive _archive;

    private RepositoryReader(ZipArchive archive, IExceptionContext ectx) : base(false, ectx)
    {
        _archive = archive;
    }

    public static RepositoryReader Open(Stream stream, IExceptionContext ectx = null, bool useFileSystem = true)
    {
        ectx.CheckValue(stream, nameof(stream));
        try
        {
            return new RepositoryReader(new ZipArchive(stream, ZipArchiveMode.Read, leaveOpen: true), ectx);
        }
        catch (Exception ex)
        {
            throw ectx.ExceptDecode(ex, "Failed to open a zip archive");
        }
    }

    public Entry OpenEntry(string name) => OpenEntry(null, name);

    public Entry OpenEntry(string dir, string name) =>
        OpenEntryOrNull(dir, name)
        ?? throw ExceptionContext.Except($"Repository doesn't contain entry {PathOf(dir, name)}");

    public Entry OpenEntryOrNull(string name) => OpenEntryOrNull(null, name);

    public Entry OpenEntryOrNull(string dir, string name)
    {
        ExceptionContext.CheckNonEmpty(name, nameof(name));
        var path = PathOf(dir, name);
        var found = _archive.Entries.FirstOrDefault(entry => NormalizeForArchiveEntry(entry.FullName) == path);
        if (found == null)
        {
            return null;
        }

        var stream = ScratchStream.Create(found.Length);
        using (var source = found.Open())
        {
            source.CopyTo(stream);
        }

        stream.Position = 0;
        return new Entry(this, path, stream);
    }

    protected override void OnDispose(Entry ent)
    {
    }

    protected override void Dispose(bool disposing) => _archive.Dispose();

    private static string PathOf(string dir, string name) =>
        NormalizeForArchiveEntry(string.IsNullOrEmpty(dir) ? name : $"{dir}/{name}");
}
