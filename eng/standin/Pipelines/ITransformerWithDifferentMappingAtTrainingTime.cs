namespace Microsoft.ML;

/// <summary>A transformer that maps training data in another way than data to score.</summary>
internal interface ITransformerWithDifferentMappingAtTrainingTime : ITransformer
{
    IDataView TransformForTrainingPipeline(IDataView input);
}
