namespace Microsoft.ML.Lora.Adapters;

/// <summary>
/// Between adapters over a base from which their start was taken out (PiSSA, OLoRA) and plain ones over the base itself:
/// W0 − s·B0·A0 + s·B·A = W0 + s·[B, −B0]·[A ; A0], a plain update of twice the rank.
/// </summary>
internal static class StartAsUpdate
{
    /// <summary>The config under which the plain adapters are read: twice the rank, the same scaling.</summary>
    public static AdapterConfig Plain(AdapterConfig config)
    {
        if (config.Initialization is not (AdapterInitialization.Pissa or AdapterInitialization.Olora))
        {
            return config;
        }

        float factor = config.UseRsLora ? MathF.Sqrt(2) : 2;
        return config with
        {
            Initialization = AdapterInitialization.Kaiming,
            Rank = 2 * config.Rank,
            Alpha = factor * config.Alpha,
            RankPattern = config.RankPattern.ToDictionary(pair => pair.Key, pair => 2 * pair.Value),
            AlphaPattern = config.AlphaPattern.ToDictionary(pair => pair.Key, pair => factor * pair.Value),
        };
    }

    /// <summary>Makes a layer's tensors plain.</summary>
    public static void Append(LoraLinear layer, AdapterState state)
    {
        if (layer.Start is not { } start)
        {
            return;
        }

        int rank = layer.Rank;
        float[] a = [.. state[layer.A.Name].Values, .. start.A.Values];
        float[] b = new float[2 * rank * layer.OutFeatures];
        float[] trained = state[layer.B.Name].Values;
        for (int row = 0; row < layer.OutFeatures; row++)
        {
            trained.AsSpan(row * rank, rank).CopyTo(b.AsSpan(2 * row * rank));
            for (int i = 0; i < rank; i++)
            {
                b[(((2 * row) + 1) * rank) + i] = -start.B.Values[(row * rank) + i];
            }
        }

        state[layer.A.Name] = new AdapterTensor([2 * rank, layer.InFeatures], a);
        state[layer.B.Name] = new AdapterTensor([layer.OutFeatures, 2 * rank], b);
    }

    /// <summary>
    /// Makes a layer's plain tensors its own again: the first half of their rank. The second half is the start that they are read
    /// with, and becomes the layer's where it is another: two decompositions of a weight are not the same to the last bit.
    /// </summary>
    /// <returns>Whether the layer's start changed, so that its weight has to be packed anew.</returns>
    public static bool Remove(LoraLinear layer, AdapterState state)
    {
        int rank = layer.Rank;
        if (layer.Start is not { } start || state.Find(layer.A.Name) is not { } a || state.Find(layer.B.Name) is not { } b ||
            a.Shape[0] != 2 * rank)
        {
            return false;
        }

        var trained = new float[rank * layer.OutFeatures];
        var takenOut = new float[rank * layer.OutFeatures];
        for (int row = 0; row < layer.OutFeatures; row++)
        {
            b.Values.AsSpan(2 * row * rank, rank).CopyTo(trained.AsSpan(row * rank));
            for (int i = 0; i < rank; i++)
            {
                takenOut[(row * rank) + i] = -b.Values[(((2 * row) + 1) * rank) + i];
            }
        }

        int half = rank * layer.InFeatures;
        state[layer.A.Name] = new AdapterTensor([rank, layer.InFeatures], a.Values[..half]);
        state[layer.B.Name] = new AdapterTensor([layer.OutFeatures, rank], trained);
        var startA = new AdapterTensor([rank, layer.InFeatures], a.Values[half..]);
        var startB = new AdapterTensor([layer.OutFeatures, rank], takenOut);
        if (startA.IsSameAs(start.A) && startB.IsSameAs(start.B))
        {
            return false;
        }

        layer.TakeStartOut(startA, startB);
        return true;
    }
}
