using Microsoft.ML.Lora.Batching;
using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Layers;
using Microsoft.ML.Lora.Models;
using Microsoft.ML.Lora.Tensors;

namespace Microsoft.ML.Lora.Providers;

/// <summary>What one thread needs to take shards through a model: a pass with its memory, and a memo.</summary>
internal sealed class ShardWorker(SequenceModel model) : IDisposable
{
    /// <summary>The pass of the shard in hand.</summary>
    public Pass Pass { get; } = new();

    /// <summary>What the model keeps of it.</summary>
    public ModelMemo Memo { get; } = new(model);

    /// <summary>Takes a shard of a batch.</summary>
    public void Load(PackedBatch batch, ReadOnlySpan<int> members, ThreadTeam team)
    {
        Pass.Team = team;
        Pass.Load(batch.TokenIds, batch.TypeIds, batch.Offsets, batch.Examples, members);
    }

    /// <summary>
    /// Scores a shard of a batch: each sequence's outputs, or what the head's output layer reads, go to its row of
    /// <paramref name="rows"/>.
    /// </summary>
    public void Score(PackedBatch batch, ReadOnlySpan<int> members, ThreadTeam team, bool features, Matrix rows)
    {
        Load(batch, members, team);
        Matrix outputs = model.Forward(Pass, Memo);
        Matrix wanted = features ? Memo.Head.Output.Input : outputs;
        for (int i = 0; i < members.Length; i++)
        {
            wanted[i].CopyTo(rows[members[i]]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Pass.Dispose();
}
