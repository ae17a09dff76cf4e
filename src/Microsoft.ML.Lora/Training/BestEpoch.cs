using Microsoft.ML.Lora.Adapters;

namespace Microsoft.ML.Lora.Training;

/// <summary>
/// The tensors of the best epoch so far, and when waiting for a better one has lasted too long. Of epochs that score alike within
/// their noise the latest is the best: the rate falls to 0 over the epochs, and a chance hit in the middle of them is no reason to
/// keep weights that had not settled.
/// </summary>
internal sealed class BestEpoch
{
    private int _latest;

    /// <summary>Nothing so far.</summary>
    public BestEpoch()
    {
    }

    /// <summary>What an interrupted run had found.</summary>
    public BestEpoch(int epoch, int latest, ValidationScore? score, AdapterState? state)
    {
        Epoch = epoch;
        _latest = latest;
        Score = score;
        State = state;
    }

    /// <summary>The best epoch's number, from 1; 0 before the first.</summary>
    public int Epoch { get; private set; }

    /// <summary>The best epoch's tensors; null before the first.</summary>
    public AdapterState? State { get; private set; }

    /// <summary>The highest score of all epochs; null before the first and without validation data.</summary>
    public ValidationScore? Score { get; private set; }

    /// <summary>Whether that many epochs went by without one as good; never for a patience of 0.</summary>
    public bool ExceedsPatience(int patience) => patience > 0 && Score is not null && _latest - Epoch >= patience;

    /// <summary>Takes note of an epoch; without a score the latest epoch is the best.</summary>
    public void Offer(int epoch, ValidationScore? score, Func<AdapterState> export)
    {
        _latest = epoch;
        bool isBetter = score is null || score.IsBetterThan(Score);
        if (isBetter)
        {
            Score = score;
        }
        if (isBetter || score!.IsAsGoodAs(Score!))
        {
            Epoch = epoch;
            State = export();
        }
    }
}
