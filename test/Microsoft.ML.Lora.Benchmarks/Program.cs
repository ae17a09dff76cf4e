using Microsoft.ML.Lora.Benchmarks.Accuracy;
using Microsoft.ML.Lora.Benchmarks.Baselines;
using Microsoft.ML.Lora.Benchmarks.Engine;
using Microsoft.ML.Lora.Benchmarks.Text;

var verbs = new Dictionary<string, Func<string[], int>>(StringComparer.Ordinal)
{
    ["accuracy"] = AccuracyBench.Run,
    ["study"] = StudyBench.Run,
    ["sweep"] = SweepBench.Run,
    ["bow"] = BagOfWordsBench.Run,
    ["gemm"] = GemmBench.Run,
    ["train"] = TrainBench.Run,
    ["score"] = ScoreBench.Run,
    ["transform"] = PipelineBench.RunTransform,
    ["predict"] = PipelineBench.RunPredict,
    ["tokenize"] = TokenizeBench.Run,
    ["profile"] = ProfileBench.Run,
    ["compare"] = CompareBench.Run,
};
if (args.Length > 0 && verbs.TryGetValue(args[0], out Func<string[], int>? run))
{
    return run(args[1..]);
}

Console.WriteLine($"usage: bench {string.Join('|', verbs.Keys.Order(StringComparer.Ordinal))} [options]");
return args.Length == 0 ? 0 : 2;
