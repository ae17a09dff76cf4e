using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>Splits rows by a number in [0, 1] that each has for the occasion.</summary>
internal sealed class RowSplitter
{
    private const string NumberName = "SamplingKeyColumn";
    private const int SeedWithoutAny = 42;

    private readonly IHostEnvironment _env;
    private readonly IDataView _numbered;
    private readonly int[] _columns;

    public RowSplitter(IHostEnvironment env, IDataView data, string samplingKeyColumn, int? seed)
    {
        _env = env;
        _columns = [.. Enumerable.Range(0, data.Schema.Count)];
        uint start = (uint)(seed ?? (env as IHostEnvironmentInternal)?.Seed ?? SeedWithoutAny);
        if (samplingKeyColumn == null)
        {
            _numbered = new GenerateNumberTransform(env, data, NumberName, start);
            return;
        }

        DataViewSchema.Column key = data.Schema.GetColumnOrNull(samplingKeyColumn)
            ?? throw env.ExceptParam(
                nameof(samplingKeyColumn), $"Could not find SamplingKeyColumn column '{samplingKeyColumn}'");
        _numbered = new SamplingKeyTransform(env, data, key, NumberName, start);
    }

    /// <summary>The rows whose number is in a range, and the others.</summary>
    public (IDataView Inside, IDataView Outside) Split(double min, double max, bool includeMax)
    {
        var range = new RangeFilter.Range(min, max, includeMax);
        IDataView outside = Part(range with { Complement = true });
        return (Part(range), outside);
    }

    private SelectColumnsDataTransform Part(RangeFilter.Range range) =>
        new(_env, new RangeFilter(_env, _numbered, NumberName, range), _columns);
}
