using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A view with the columns of a row mapper added, computed as they are read.</summary>
internal sealed class RowToRowMapperTransform : IParallelView, IRowToRowMapper
{
    public const string RegistrationName = "RowToRowMapperTransform";

    private readonly IHost _host;
    private readonly IDataView _input;
    private readonly IRowMapper _mapper;
    private readonly ColumnBindings _bindings;

    public RowToRowMapperTransform(IHostEnvironment env, IDataView input, IRowMapper mapper,
        Func<DataViewSchema, IRowMapper> mapperFactory)
    {
        Contracts.CheckValue(env, nameof(env));
        _host = env.Register(RegistrationName);
        _host.CheckValue(input, nameof(input));
        _host.CheckValue(mapper, nameof(mapper));
        _input = input;
        _mapper = mapper;
        _bindings = new ColumnBindings(input.Schema, mapper.GetOutputColumns());
    }

    public DataViewSchema InputSchema => _bindings.InputSchema;

    DataViewSchema IRowToRowMapper.OutputSchema => _bindings.Schema;

    DataViewSchema IDataView.Schema => _bindings.Schema;

    bool IDataView.CanShuffle => _input.CanShuffle;

    public static DataViewSchema GetOutputSchema(DataViewSchema inputSchema, IRowMapper mapper) =>
        new ColumnBindings(inputSchema, mapper.GetOutputColumns()).Schema;

    long? IDataView.GetRowCount() => _input.GetRowCount();

    DataViewRowCursor IDataView.GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand)
    {
        var active = RowCursorUtils.FromColumnsToPredicate(columnsNeeded, _bindings.Schema);
        if (ParallelCursors.Wants(this, active))
        {
            return ParallelCursors.Open(_host, this, columnsNeeded, rand);
        }

        var inputs = _bindings.InputsFor(active, _mapper.GetDependencies);
        return new Cursor(_host, _input.GetRowCursor(inputs, rand), this, active);
    }

    DataViewRowCursor[] IDataView.GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n,
        Random rand)
    {
        var active = RowCursorUtils.FromColumnsToPredicate(columnsNeeded, _bindings.Schema);
        var inputs = _bindings.InputsFor(active, _mapper.GetDependencies);
        var cursors = _input.GetRowCursorSet(inputs, n, rand);
        if (cursors.Length == 1 && n > 1 && _bindings.AddedColumnIndices.Any(active))
        {
            cursors = CursorSplitter.Split(_host, cursors[0], n);
        }

        return cursors
            .Select(cursor => (DataViewRowCursor)new Cursor(_host, cursor, this, active))
            .ToArray();
    }

    bool IParallelView.IsReadInParallel(Func<int, bool> active)
    {
        var inputs = _bindings.InputsFor(active, _mapper.GetDependencies).Select(column => column.Index).ToHashSet();
        return _bindings.AddedColumnIndices.Any(active) || ParallelCursors.Wants(_input, inputs.Contains);
    }

    IEnumerable<DataViewSchema.Column> IRowToRowMapper.GetDependencies(
        IEnumerable<DataViewSchema.Column> dependingColumns) =>
        _bindings.InputsFor(RowCursorUtils.FromColumnsToPredicate(dependingColumns, _bindings.Schema),
            _mapper.GetDependencies);

    DataViewRow IRowToRowMapper.GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        _host.CheckValue(input, nameof(input));
        _host.CheckValue(activeColumns, nameof(activeColumns));
        using var channel = _host.Start("GetEntireRow");
        return new Row(input, this, RowCursorUtils.FromColumnsToPredicate(activeColumns, _bindings.Schema));
    }

    private ValueGetter<TValue> Getter<TValue>(IExceptionContext context, DataViewRow input, Delegate[] getters,
        Func<int, bool> active, DataViewSchema.Column column)
    {
        context.Check(active(column.Index));
        var (isInput, index) = _bindings[column.Index];
        if (isInput)
        {
            return input.GetGetter<TValue>(input.Schema[index]);
        }

        return getters[index] as ValueGetter<TValue> ?? throw context.Except(
            $"Invalid TValue: '{typeof(TValue)}', " +
            $"expected type: '{getters[index].GetType().GetGenericArguments()[0]}'.");
    }

    private sealed class Cursor : SynchronizedCursorBase
    {
        private readonly RowToRowMapperTransform _parent;
        private readonly Func<int, bool> _active;
        private readonly Delegate[] _getters;
        private readonly Action _disposer;
        private bool _disposed;

        public Cursor(IChannelProvider provider, DataViewRowCursor input, RowToRowMapperTransform parent,
            Func<int, bool> active)
            : base(provider, input)
        {
            _parent = parent;
            _active = active;
            _getters = parent._mapper.CreateGetters(input, parent._bindings.ActiveAdded(active), out _disposer);
        }

        public override DataViewSchema Schema => _parent._bindings.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active(column.Index);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            _parent.Getter<TValue>(Ch, Input, _getters, _active, column);

        protected override void Dispose(bool disposing)
        {
            if (!_disposed)
            {
                _disposed = true;
                _disposer?.Invoke();
                base.Dispose(disposing);
            }
        }
    }

    private sealed class Row : WrappingRow
    {
        private readonly RowToRowMapperTransform _parent;
        private readonly Func<int, bool> _active;
        private readonly Delegate[] _getters;
        private readonly Action _disposer;

        public Row(DataViewRow input, RowToRowMapperTransform parent, Func<int, bool> active)
            : base(input)
        {
            _parent = parent;
            _active = active;
            _getters = parent._mapper.CreateGetters(input, parent._bindings.ActiveAdded(active), out _disposer);
        }

        public override DataViewSchema Schema => _parent._bindings.Schema;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active(column.Index);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
            _parent.Getter<TValue>(_parent._host, Input, _getters, _active, column);

        protected override void DisposeCore(bool disposing) => _disposer?.Invoke();
    }
}
