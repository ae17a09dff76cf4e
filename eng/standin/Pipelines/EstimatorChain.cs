using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

namespace Microsoft.ML.Data;

/// <summary>Estimators fitted one after another, each on what the ones before it make of the data.</summary>
public sealed class EstimatorChain<TLastTransformer> : IEstimator<TransformerChain<TLastTransformer>>
    where TLastTransformer : class, ITransformer
{
    public readonly IEstimator<TLastTransformer> LastEstimator;

    private readonly IHost _host;
    private readonly (IEstimator<ITransformer> Estimator, TransformerScope Scope, bool CacheAfter)[] _members;

    public EstimatorChain()
    {
        _members = [];
    }

    private EstimatorChain(IHostEnvironment env,
        (IEstimator<ITransformer> Estimator, TransformerScope Scope, bool CacheAfter)[] members)
    {
        _host = env?.Register(nameof(EstimatorChain<TLastTransformer>));
        _members = members;
        LastEstimator = members.Length == 0 ? null : members[^1].Estimator as IEstimator<TLastTransformer>;
    }

    public TransformerChain<TLastTransformer> Fit(IDataView input)
    {
        GetOutputSchema(SchemaShape.Create(input.Schema));

        var view = input;
        var transformers = new ITransformer[_members.Length];
        for (var i = 0; i < _members.Length; i++)
        {
            var transformer = _members[i].Estimator.Fit(view);
            transformers[i] = transformer;
            if (i == _members.Length - 1)
            {
                break;
            }

            view = transformer is ITransformerWithDifferentMappingAtTrainingTime training
                ? training.TransformForTrainingPipeline(view)
                : transformer.Transform(view);
            if (_members[i].CacheAfter)
            {
                view = new CacheDataView(_host, view, null);
            }
        }

        return new TransformerChain<TLastTransformer>(transformers, _members.Select(member => member.Scope));
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        var shape = inputSchema;
        foreach (var (estimator, _, _) in _members)
        {
            shape = estimator.GetOutputSchema(shape);
        }

        return shape;
    }

    public EstimatorChain<TNewTrans> Append<TNewTrans>(IEstimator<TNewTrans> estimator,
        TransformerScope scope = TransformerScope.Everything)
        where TNewTrans : class, ITransformer
    {
        Contracts.CheckValue(estimator, nameof(estimator));
        return new EstimatorChain<TNewTrans>(_host,
            [.. _members, ((IEstimator<ITransformer>)estimator, scope, false)]);
    }

    public EstimatorChain<TLastTransformer> AppendCacheCheckpoint(IHostEnvironment env)
    {
        Contracts.CheckValue(env, nameof(env));
        if (_members.Length == 0)
        {
            throw new InvalidOperationException(
                "Current estimator chain has no estimator, can't append cache checkpoint.");
        }

        var last = _members[^1];
        return new EstimatorChain<TLastTransformer>(env,
            [.. _members[..^1], (last.Estimator, last.Scope, true)]);
    }
}
