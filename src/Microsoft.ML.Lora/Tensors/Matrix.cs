namespace Microsoft.ML.Lora.Tensors;

/// <summary>A row-major view of floats: [Rows, Columns], rows <c>Stride</c> floats apart. It owns nothing.</summary>
internal readonly unsafe struct Matrix
{
    /// <summary>A view from <paramref name="data"/> on.</summary>
    public Matrix(float* data, int rows, int columns, int stride)
    {
        Data = data;
        Rows = rows;
        Columns = columns;
        Stride = stride;
    }

    public float* Data { get; }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>Floats from one row's start to the next.</summary>
    public int Stride { get; }

    /// <summary>True for <c>default</c>: an operand that is not there.</summary>
    public bool IsEmpty => Data == null;

    /// <summary>True when rows follow each other without gaps.</summary>
    public bool IsDense => Stride == Columns || Rows <= 1;

    /// <summary>One row.</summary>
    public Span<float> this[int row] => new(RowPointer(row), Columns);

    /// <summary>All elements of a dense view.</summary>
    /// <exception cref="InvalidOperationException">The view has gaps between its rows.</exception>
    public Span<float> Span => IsDense
        ? new Span<float>(Data, checked(Rows * Columns))
        : throw new InvalidOperationException($"A [{Rows}, {Columns}] view with stride {Stride} is not one span.");

    public float* RowPointer(int row) => Data + ((long)row * Stride);

    /// <summary>Rows <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/>.</summary>
    public Matrix SliceRows(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Rows - first);
        return new Matrix(RowPointer(first), count, Columns, Stride);
    }

    /// <summary>Columns <paramref name="first"/> to <paramref name="first"/> + <paramref name="count"/>.</summary>
    public Matrix SliceColumns(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Columns - first);
        return new Matrix(Data + first, Rows, count, Stride);
    }

    public void Clear()
    {
        for (var row = 0; row < Rows; row++)
        {
            this[row].Clear();
        }
    }

    /// <summary>Copies every element to a view of the same shape.</summary>
    public void CopyTo(Matrix destination)
    {
        if (destination.Rows != Rows || destination.Columns != Columns)
        {
            throw new ArgumentException(
                $"Cannot copy [{Rows}, {Columns}] to [{destination.Rows}, {destination.Columns}].", nameof(destination));
        }

        for (var row = 0; row < Rows; row++)
        {
            this[row].CopyTo(destination[row]);
        }
    }
}
