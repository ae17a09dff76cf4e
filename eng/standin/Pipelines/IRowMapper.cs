namespace Microsoft.ML.Data;

/// <summary>The part of a transformer that is bound to an input schema: which columns it adds and how.</summary>
internal interface IRowMapper : ICanSaveModel
{
    Delegate[] CreateGetters(DataViewRow input, Func<int, bool> activeOutput, out Action disposer);

    Func<int, bool> GetDependencies(Func<int, bool> activeOutput);

    DataViewSchema.DetachedColumn[] GetOutputColumns();

    ITransformer GetTransformer();
}
