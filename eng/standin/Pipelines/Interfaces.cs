using Microsoft.ML.Data;

namespace Microsoft.ML.Data
{
    /// <summary>Makes output rows from input rows, one for one.</summary>
    public interface IRowToRowMapper
    {
        DataViewSchema OutputSchema { get; }

        DataViewSchema InputSchema { get; }

        IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns);

        DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns);
    }
}

namespace Microsoft.ML
{
    /// <summary>Makes views of one kind from sources of another.</summary>
    public interface IDataLoader<in TSource> : ICanSaveModel
    {
        IDataView Load(TSource input);

        DataViewSchema GetOutputSchema();
    }

    /// <summary>Fits a loader.</summary>
    public interface IDataLoaderEstimator<in TSource, out TLoader>
        where TLoader : IDataLoader<TSource>
    {
        TLoader Fit(TSource input);

        SchemaShape GetOutputSchema();
    }

    /// <summary>Turns views into views.</summary>
    public interface ITransformer : ICanSaveModel
    {
        bool IsRowToRowMapper { get; }

        DataViewSchema GetOutputSchema(DataViewSchema inputSchema);

        IDataView Transform(IDataView input);

        IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema);
    }

    /// <summary>Fits a transformer to data.</summary>
    public interface IEstimator<out TTransformer>
        where TTransformer : ITransformer
    {
        TTransformer Fit(IDataView input);

        SchemaShape GetOutputSchema(SchemaShape inputSchema);
    }

    /// <summary>A transformer that wraps a model.</summary>
    public interface IPredictionTransformer<out TModel> : ITransformer
        where TModel : class
    {
        TModel Model { get; }
    }

    /// <summary>A prediction transformer over one feature column.</summary>
    public interface ISingleFeaturePredictionTransformer<out TModel> : IPredictionTransformer<TModel>
        where TModel : class
    {
        string FeatureColumnName { get; }

        DataViewType FeatureColumnType { get; }
    }
}
