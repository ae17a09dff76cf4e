namespace Microsoft.ML.Lora.Benchmarks.Accuracy;

internal sealed partial class AccuracyArguments
{
    // The variants of the method: --fine-tuning full, --formulation dora, --initialization pissa and so on.
    private void ReadMethod()
    {
        Choose("--fine-tuning", ref Options.FineTuning);
        Choose("--formulation", ref Options.Formulation);
        Choose("--initialization", ref Options.Initialization);
        Choose("--scaling", ref Options.Scaling);
        Choose("--bias", ref Options.Bias);
        Choose("--optimizer", ref Options.Optimizer);
        Choose("--schedule", ref Options.Schedule);
        Options.Loss = Choice<LoraLoss>("--loss");
        Choose("--penalty", ref Options.UpdatePenalty);
        Choose("--pooling", ref Options.Pooling);
        Options.UpdatePenaltyStrength = Number("--penalty-strength") ?? Options.UpdatePenaltyStrength;
        Options.LabelSmoothing = Number("--label-smoothing") ?? Options.LabelSmoothing;
        Options.FocalGamma = Number("--focal-gamma");
        Options.ClassWeights = Number("--balanced") is 1 ? LoraClassWeights.Balanced : null;
        Options.Momentum = Number("--momentum");
        Options.HeadLearningRate = Number("--head-lr");
        Options.LoraPlusRatio = Number("--lora-plus") ?? Options.LoraPlusRatio;
        Options.GradientAccumulation = (int)(Number("--accumulation") ?? Options.GradientAccumulation);
        Options.MaxGradientNorm = Number("--clip") ?? Options.MaxGradientNorm;
        Options.TargetModules = Take("--targets") switch
        {
            null or "all" => LoraTargetModules.AllLinear,
            "qv" => LoraTargetModules.QueryValue,
            "attention" => LoraTargetModules.Attention,
            "ffn" => LoraTargetModules.FeedForward,
            { } names => LoraTargetModules.Named(names.Split(',')),
        };
    }

    private LoraRank ReadRank()
    {
        if (_given.TryGetValue("--rank", out string? text) && text == "auto")
        {
            Take("--rank");
            return LoraRank.Auto;
        }
        return Number("--rank") is float rank ? (int)rank : Options.Rank;
    }

    private void Choose<T>(string name, ref T choice)
        where T : struct, Enum => choice = Choice<T>(name) ?? choice;

    private T? Choice<T>(string name)
        where T : struct, Enum
    {
        if (Take(name) is not { } text)
        {
            return null;
        }
        return Enum.TryParse(text.Replace("-", ""), ignoreCase: true, out T value) && Enum.IsDefined(value)
            ? value
            : throw new ArgumentException($"{name} {text} is none of {string.Join(", ", Enum.GetNames<T>())}.");
    }
}
