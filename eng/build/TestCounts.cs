namespace Microsoft.ML.Lora.Build;

/// <summary>How many tests passed, failed and were skipped.</summary>
internal record struct TestCounts(int Passed, int Failed, int Skipped)
{
    public static TestCounts operator +(TestCounts a, TestCounts b) =>
        new(a.Passed + b.Passed, a.Failed + b.Failed, a.Skipped + b.Skipped);

    public override readonly string ToString() => $"{Passed} passed, {Failed} failed, {Skipped} skipped";
}
