using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

namespace Microsoft.ML;

public sealed partial class DataOperationsCatalog
{
    /// <summary>Keeps rows whose number lies in a range.</summary>
    /// <param name="input">The rows.</param>
    /// <param name="columnName">A column of single or double precision.</param>
    /// <param name="lowerBound">The smallest number kept.</param>
    /// <param name="upperBound">The numbers kept are smaller; infinity keeps all.</param>
    public IDataView FilterRowsByColumn(
        IDataView input,
        string columnName,
        double lowerBound = double.NegativeInfinity,
        double upperBound = double.PositiveInfinity)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckNonEmpty(columnName, nameof(columnName));
        _env.CheckParam(lowerBound < upperBound, nameof(upperBound), "Must be less than lowerBound");
        DataViewType type = input.Schema[columnName].Type;
        if (type is not NumberDataViewType)
        {
            throw _env.ExceptSchemaMismatch(nameof(columnName), "filter", columnName, "number", type.ToString());
        }

        var range = new RangeFilter.Range(lowerBound, upperBound, IncludeMax: double.IsPositiveInfinity(upperBound));
        return new RangeFilter(_env, input, columnName, range);
    }

    /// <summary>Keeps rows whose key lies in a share of all keys, which are spread evenly over [0, 1).</summary>
    /// <param name="input">The rows.</param>
    /// <param name="columnName">A key column.</param>
    /// <param name="lowerBound">The start of the share.</param>
    /// <param name="upperBound">The end of the share.</param>
    public IDataView FilterRowsByKeyColumnFraction(
        IDataView input, string columnName, double lowerBound = 0, double upperBound = 1)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckNonEmpty(columnName, nameof(columnName));
        _env.CheckParam(lowerBound is >= 0 and <= 1, nameof(lowerBound), "Must be in [0, 1]");
        _env.CheckParam(upperBound is >= 0 and <= 1, nameof(upperBound), "Must be in [0, 1]");
        _env.CheckParam(lowerBound <= upperBound, nameof(upperBound), "Must be no less than lowerBound");
        DataViewType type = input.Schema[columnName].Type;
        if (type.GetKeyCount() == 0)
        {
            throw _env.ExceptSchemaMismatch(nameof(columnName), "filter", columnName, "KeyType", type.ToString());
        }

        return new RangeFilter(_env, input, columnName, new RangeFilter.Range(lowerBound, upperBound));
    }

    /// <summary>Keeps rows in which no value of some columns is missing.</summary>
    /// <param name="input">The rows.</param>
    /// <param name="columns">Columns of numbers or keys, or of vectors of them.</param>
    public IDataView FilterRowsByMissingValues(IDataView input, params string[] columns)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckUserArg(columns is { Length: > 0 }, nameof(columns));
        return new NAFilter(_env, input, columns);
    }

    /// <summary>Puts rows in random order.</summary>
    /// <param name="input">The rows.</param>
    /// <param name="seed">Where the random numbers start; null to draw that from the context.</param>
    /// <param name="shufflePoolSize">The number of rows from among which each next one is drawn.</param>
    /// <param name="shuffleSource">Whether the input is asked to shuffle too, where it can.</param>
    public IDataView ShuffleRows(
        IDataView input, int? seed = null, int shufflePoolSize = 1000, bool shuffleSource = true)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckUserArg(shufflePoolSize > 0, nameof(shufflePoolSize), "Must be positive");
        return new RowShufflingTransformer(_env, input, shufflePoolSize, shuffleSource, seed);
    }

    /// <summary>Leaves the first rows out.</summary>
    /// <param name="input">The rows.</param>
    /// <param name="count">How many; at least 1.</param>
    public IDataView SkipRows(IDataView input, long count)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckUserArg(count > 0, nameof(count), "Must be greater than zero.");
        return new SkipTakeFilter(_env, input, count, long.MaxValue);
    }

    /// <summary>Keeps the first rows only.</summary>
    /// <param name="input">The rows.</param>
    /// <param name="count">How many; at least 1.</param>
    public IDataView TakeRows(IDataView input, long count)
    {
        _env.CheckValue(input, nameof(input));
        _env.CheckUserArg(count > 0, nameof(count), "Must be greater than zero.");
        return new SkipTakeFilter(_env, input, 0, count);
    }

    /// <summary>Keeps rows in memory as they are first read.</summary>
    /// <param name="input">The rows.</param>
    /// <param name="columnsToPrefetch">Columns that the first reading keeps even if it does not need them.</param>
    public IDataView Cache(IDataView input, params string[] columnsToPrefetch)
    {
        _env.CheckValue(input, nameof(input));
        return new CacheDataView(_env, input, columnsToPrefetch);
    }
}
