namespace Microsoft.ML.Lora.Checkpoints;

/// <summary>A checkpoint in several files, with an index (<c>*.index.json</c>) that says which tensor lies in which.</summary>
internal sealed class ShardedWeights : WeightSource
{
    private readonly Dictionary<string, WeightSource> _shards;
    private readonly Dictionary<string, StoredTensor> _tensors;

    private ShardedWeights(string description, Dictionary<string, WeightSource> shards, Dictionary<string, StoredTensor> tensors)
    {
        Description = description;
        _shards = shards;
        _tensors = tensors;
    }

    /// <inheritdoc/>
    public override string Description { get; }

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <summary>The file names an index mentions, sorted, each checked to be a plain name inside the folder.</summary>
    /// <exception cref="InvalidDataException">The index is damaged or names a file outside the folder.</exception>
    public static IReadOnlyList<string> ShardNames(ConfigJson index) =>
        [.. ReadWeightMap(index).Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Opens every shard that the index names.</summary>
    /// <param name="index">The parsed index.</param>
    /// <param name="exists">Whether the model has a file of that name.</param>
    /// <param name="open">Opens one shard.</param>
    /// <exception cref="InvalidDataException">Shards or tensors are missing; the message lists them all.</exception>
    public static ShardedWeights Open(ConfigJson index, Func<string, bool> exists, Func<string, WeightSource> open)
    {
        var map = ReadWeightMap(index);
        var names = ShardNames(index);
        var missing = names.Where(name => !exists(name)).ToList();
        if (missing.Count > 0)
        {
            Throw.InvalidData_Problems(index.File, "shards are missing", missing);
        }

        var shards = new Dictionary<string, WeightSource>(StringComparer.Ordinal);
        try
        {
            foreach (var name in names)
            {
                shards.Add(name, open(name));
            }

            return new ShardedWeights(index.File, shards, Collect(index.File, map, shards));
        }
        catch
        {
            Close(shards);
            throw;
        }
    }

    /// <inheritdoc/>
    public override StoredTensor? Find(string name) => _tensors.GetValueOrDefault(name);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => Close(_shards);

    private static void Close(Dictionary<string, WeightSource> shards)
    {
        foreach (var shard in shards.Values)
        {
            shard.Dispose();
        }
    }

    private static Dictionary<string, StoredTensor> Collect(
        string file, Dictionary<string, string> map, Dictionary<string, WeightSource> shards)
    {
        var tensors = new Dictionary<string, StoredTensor>(map.Count, StringComparer.Ordinal);
        var problems = new List<string>();
        foreach (var (name, shard) in map)
        {
            if (shards[shard].Find(name) is { } tensor)
            {
                tensors.Add(name, tensor);
            }
            else
            {
                problems.Add($"{Throw.Quote(name)} is not in {Throw.Quote(shard)}");
            }
        }

        if (problems.Count > 0)
        {
            Throw.InvalidData_Problems(file, "tensors are not where the index says", problems);
        }

        return tensors;
    }

    private static Dictionary<string, string> ReadWeightMap(ConfigJson index)
    {
        var map = index.GetStringMap("weight_map");
        if (map.Count == 0)
        {
            Throw.InvalidData_File(index.File, "'weight_map' is missing or empty.");
        }

        var escaping = map.Values.Where(name => !ModelPath.IsPlainName(name)).Distinct().Select(Throw.Quote).ToList();
        if (escaping.Count > 0)
        {
            Throw.InvalidData_Problems(index.File, "'weight_map' names files that are not plain names inside the model's folder", escaping);
        }

        return map;
    }
}
