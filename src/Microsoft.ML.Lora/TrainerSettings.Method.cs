using System.Text.RegularExpressions;
using Microsoft.ML.Lora.Adapters;
using Microsoft.ML.Lora.Checkpoints;
using Microsoft.ML.Lora.Models.Heads;
using Microsoft.ML.Lora.Optimization;
using Microsoft.ML.Lora.Optimization.Losses;
using Microsoft.ML.Lora.Providers;
using Microsoft.ML.Lora.Tasks;
using Microsoft.ML.Lora.Training;

namespace Microsoft.ML.Lora;

/// <summary>The options of the method: what is trained, from which start, with which loss, optimiser and schedule.</summary>
internal sealed partial class TrainerSettings
{
    private const float DefaultWarmup = 0.06f;
    private const float DefaultOneCycleRise = 0.3f;
    private const int MostRowsInStep = 1 << 24;

    private static readonly string[] _modulesToSave = ["pooler", "head"];

    /// <summary>What of the model is trained.</summary>
    public FineTuning FineTuning => (FineTuning)Options.FineTuning;

    /// <summary>What the head reads of a base model.</summary>
    public Pooling PoolingOf(BaseModelFiles files) => Options.Pooling switch
    {
        LoraPooling.Mean => Pooling.Mean,
        LoraPooling.FirstToken => Pooling.FirstToken,
        LoraPooling.FamilyHead => Pooling.FamilyHead,
        _ => CheckpointPooling.Of(files),
    };

    /// <summary>The shape of the learning rate.</summary>
    public ScheduleShape Schedule => (ScheduleShape)Options.Schedule;

    /// <summary>Share of the steps in which the rate rises.</summary>
    public float Warmup => Options.WarmupFraction
        ?? (Options.Schedule == LoraSchedule.OneCycle ? DefaultOneCycleRise : DefaultWarmup);

    /// <summary>The learning rate: the one given, else what suits what is trained, how, and the base model's size.</summary>
    public float LearningRate(TrainingRecipe recipe, int hiddenSize) => Options.LearningRate
        ?? DefaultLearningRate.Of(Options.FineTuning, Options.Optimizer, hiddenSize, recipe.LearningRate);

    /// <summary>The loss, without the classes' weights.</summary>
    public LossSpec Loss => new()
    {
        Kind = Options.Loss == LoraLoss.Focal ? LossKind.Focal : LossKind.CrossEntropy,
        LabelSmoothing = Options.LabelSmoothing,
        FocalGamma = Options.FocalGamma ?? new LossSpec().FocalGamma,
    };

    /// <summary>Whether steps learn from pairs of rows; null where that is open and the rows are few enough to make it worth a look.</summary>
    /// <param name="examples">Number of training rows.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="goesOn">Whether training goes on from a model, whose head is to be kept.</param>
    public bool? LearnsFromPairs(int examples, int classes, bool goesOn)
    {
        bool wantsOutputs = Options.Epochs is not null || Options.LinearProbe == false || Options.LabelSmoothing > 0
            || Options.HeadDropout is not null || Options.HeadLearningRate is not null
            || Options.FineTuning != LoraFineTuning.Lora || goesOn;
        return Options.Loss is { } loss
            ? loss == LoraLoss.Contrastive
            : !wantsOutputs && TrainingRecipe.MayLearnFromPairs(examples, classes) ? null : false;
    }

    /// <summary>The penalty on updates.</summary>
    public PenaltySpec Penalty => new((PenaltyKind)Options.UpdatePenalty, Options.UpdatePenaltyStrength);

    /// <summary>How parameters are updated, at a learning rate.</summary>
    public OptimizerSpec Optimizer(float learningRate)
    {
        var usual = new OptimizerSpec();
        return new OptimizerSpec
        {
            Kind = (OptimizerKind)Options.Optimizer,
            Momentum = Options.Momentum ?? usual.Momentum,
            Beta1 = Options.Beta1 ?? usual.Beta1,
            Beta2 = Options.Beta2 ?? usual.Beta2,
            Epsilon = Options.Epsilon ?? usual.Epsilon,
            WeightDecay = Options.WeightDecay,
            DecayVectors = Options.DecaysVectors,
            MaxGradientNorm = float.IsFinite(Options.MaxGradientNorm) ? Options.MaxGradientNorm : 0,
            LoraPlusRatio = Options.LoraPlusRatio,
            HeadRatio = (Options.HeadLearningRate ?? learningRate) / learningRate,
        };
    }

    /// <summary>The adapters on a base: ranks that are left open are those to train with.</summary>
    public AdapterConfig AdapterOn(BaseModelFiles files, HeadSpec head) =>
        Options.Rank.IsAuto ? RankChoice.Start(Adapter, files, head) : Adapter;

    private static AdapterConfig AdapterOf(LoraTextClassificationTrainer.Options options) => new()
    {
        Rank = options.Rank.IsAuto ? RankChoice.TrainedRank : options.Rank.Value,
        Alpha = options.Alpha,
        Dropout = options.LoraDropout,
        TargetModules = options.TargetModules.Modules,
        LayersToTransform = options.LayersToTransform is { } layers ? [.. layers] : null,
        RankPattern = new Dictionary<string, int>(options.RankPattern ?? new Dictionary<string, int>()),
        AlphaPattern = new Dictionary<string, float>(options.AlphaPattern ?? new Dictionary<string, float>()),
        Bias = options.Bias switch
        {
            LoraBias.All => BiasTraining.All,
            LoraBias.LoraOnly => BiasTraining.LoraOnly,
            _ => BiasTraining.None,
        },
        ModulesToSave = [.. options.ModulesToSave],
        Initialization = (AdapterInitialization)options.Initialization,
        UseRsLora = options.Scaling == LoraScaling.RankStabilized,
        UseDora = options.Formulation == LoraFormulation.Dora,
    };

    private void CheckMethod(LoraTextClassificationTrainer.Options options)
    {
        RequireKnown(options.FineTuning, nameof(options.FineTuning));
        RequireKnown(options.Formulation, nameof(options.Formulation));
        RequireKnown(options.Initialization, nameof(options.Initialization));
        RequireKnown(options.Scaling, nameof(options.Scaling));
        RequireKnown(options.Bias, nameof(options.Bias));
        RequireKnown(options.Pooling, nameof(options.Pooling));
        CheckAdapter(options);
        CheckPatterns(options);
        CheckUpdatesWanted(options);
        CheckLoss(options);
        CheckOptimizer(options);
    }

    private void CheckAdapter(LoraTextClassificationTrainer.Options options)
    {
        Require(options.Rank.IsAuto || options.Rank.Value is >= 1 and <= LargestRank,
            $"Rank is {options.Rank}, not 1 to {LargestRank}");
        Require(!options.Rank.IsAuto || (options.RankPattern is null && options.AlphaPattern is null),
            $"Rank is Auto, which gives every layer its rank: set RankPattern and AlphaPattern to null");
        RequirePositive(options.Alpha, nameof(options.Alpha));
        Require(options.TargetModules is not null, $"TargetModules is null");
        RequireShare(options.LoraDropout, nameof(options.LoraDropout));
        RequireShare(options.HeadDropout, nameof(options.HeadDropout));
        Require(options.LayersToTransform is null || options.LayersToTransform.Length > 0,
            $"LayersToTransform is empty (null means all layers)");
        Require(options.LayersToTransform?.All(layer => layer >= 0) ?? true,
            $"LayersToTransform has {options.LayersToTransform?.DefaultIfEmpty().Min()}, where indices from 0 belong");
        Require(options.ModulesToSave?.All(_modulesToSave.Contains) ?? false,
            $"ModulesToSave is '{string.Join(", ", options.ModulesToSave ?? [])}'; {string.Join(" or ", _modulesToSave)} can be named (the output layer is always trained)");
        bool odd = options.Rank.Value % 2 != 0 || (options.RankPattern?.Values.Any(rank => rank % 2 != 0) ?? false);
        Require(options.Initialization != LoraInitialization.Orthogonal || !odd,
            $"Initialization Orthogonal needs even ranks: choose an even Rank, or another initialization");
    }

    private void CheckPatterns(LoraTextClassificationTrainer.Options options)
    {
        foreach ((string pattern, int rank) in options.RankPattern ?? new Dictionary<string, int>())
        {
            Require(rank is >= 1 and <= LargestRank, $"RankPattern has {rank} for '{pattern}', not 1 to {LargestRank}");
            RequireExpression(pattern, nameof(options.RankPattern));
        }
        foreach ((string pattern, float alpha) in options.AlphaPattern ?? new Dictionary<string, float>())
        {
            Require(alpha > 0 && float.IsFinite(alpha), $"AlphaPattern has {alpha} for '{pattern}', not above 0");
            RequireExpression(pattern, nameof(options.AlphaPattern));
        }
    }

    private void CheckUpdatesWanted(LoraTextClassificationTrainer.Options options)
    {
        if (options.FineTuning == LoraFineTuning.Lora)
        {
            return;
        }
        (bool Set, string Name)[] ofUpdates =
        [
            (options.Rank.IsAuto, nameof(options.Rank)),
            (options.Formulation != LoraFormulation.Lora, nameof(options.Formulation)),
            (options.Initialization != LoraInitialization.Kaiming, nameof(options.Initialization)),
            (options.Scaling != LoraScaling.Standard, nameof(options.Scaling)),
            (options.Bias != LoraBias.None, nameof(options.Bias)),
            (options.LayersToTransform is not null, nameof(options.LayersToTransform)),
            (options.RankPattern is { Count: > 0 }, nameof(options.RankPattern)),
            (options.AlphaPattern is { Count: > 0 }, nameof(options.AlphaPattern)),
            (options.ModulesToSave is { Length: > 0 }, nameof(options.ModulesToSave)),
            (options.LoraPlusRatio != 1, nameof(options.LoraPlusRatio)),
            (options.UpdatePenalty != LoraUpdatePenalty.None, nameof(options.UpdatePenalty)),
        ];
        string[] set = [.. ofUpdates.Where(option => option.Set).Select(option => option.Name)];
        Require(set.Length == 0,
            $"FineTuning is {options.FineTuning}, which has no low-rank updates for {string.Join(", ", set)}: leave these at their defaults, or set FineTuning to Lora");
    }

    private void CheckLoss(LoraTextClassificationTrainer.Options options)
    {
        RequireKnown(options.Loss ?? LoraLoss.CrossEntropy, nameof(options.Loss));
        RequireKnown(options.UpdatePenalty, nameof(options.UpdatePenalty));
        RequireShare(options.LabelSmoothing, nameof(options.LabelSmoothing));
        Require(options.LabelSmoothing == 0 || options.Loss is null or LoraLoss.CrossEntropy,
            $"LabelSmoothing is for Loss CrossEntropy, and Loss is {options.Loss}: set one of them to its default");
        Require(options.FocalGamma is null || (options.FocalGamma >= 0 && float.IsFinite(options.FocalGamma.Value)),
            $"FocalGamma is {options.FocalGamma}, not 0 or more");
        Require(options.FocalGamma is null || options.Loss == LoraLoss.Focal,
            $"FocalGamma is for Loss Focal, and Loss is {options.Loss?.ToString() ?? "null"}: set Loss to Focal, or FocalGamma to null");
        CheckPairs(options);
        bool strength = options.UpdatePenaltyStrength > 0 && float.IsFinite(options.UpdatePenaltyStrength);
        Require(strength == (options.UpdatePenalty != LoraUpdatePenalty.None) && options.UpdatePenaltyStrength >= 0,
            $"UpdatePenaltyStrength is {options.UpdatePenaltyStrength} and UpdatePenalty is {options.UpdatePenalty}: a penalty needs a strength above 0, and a strength a penalty");
    }

    // Nothing but features is learned from pairs, and the head is fitted to them.
    private void CheckPairs(LoraTextClassificationTrainer.Options options)
    {
        (bool Set, string Name)[] ofOutputs =
        [
            (options.FineTuning == LoraFineTuning.HeadOnly, $"{nameof(options.FineTuning)} HeadOnly"),
            (options.LinearProbe == false, $"{nameof(options.LinearProbe)} false"),
            (options.HeadDropout is not null, nameof(options.HeadDropout)),
            (options.HeadLearningRate is not null, nameof(options.HeadLearningRate)),
        ];
        string[] set = [.. ofOutputs.Where(option => option.Set).Select(option => option.Name)];
        Require(options.Loss != LoraLoss.Contrastive || set.Length == 0,
            $"Loss is Contrastive, which trains what the head reads and then fits the head to it, so that there is nothing to do for {string.Join(", ", set)}: leave these at their defaults, or choose another Loss");
    }

    private void CheckOptimizer(LoraTextClassificationTrainer.Options options)
    {
        RequireKnown(options.Optimizer, nameof(options.Optimizer));
        RequireKnown(options.Schedule, nameof(options.Schedule));
        RequirePositive(options.LearningRate, nameof(options.LearningRate));
        RequirePositive(options.HeadLearningRate, nameof(options.HeadLearningRate));
        RequirePositive(options.LoraPlusRatio, nameof(options.LoraPlusRatio));
        RequireShare(options.WarmupFraction, nameof(options.WarmupFraction));
        Require(options.GradientAccumulation >= 1, $"GradientAccumulation is {options.GradientAccumulation}, not 1 or more");
        Require((options.BatchSize ?? 1L) * options.GradientAccumulation <= MostRowsInStep,
            $"BatchSize times GradientAccumulation is above {MostRowsInStep}");
        Require(options.WeightDecay >= 0 && float.IsFinite(options.WeightDecay),
            $"WeightDecay is {options.WeightDecay}, not 0 or more");
        Require(options.MaxGradientNorm > 0, $"MaxGradientNorm is {options.MaxGradientNorm}, not above 0");
        RequireShare(options.Momentum, nameof(options.Momentum));
        RequireShare(options.Beta1, nameof(options.Beta1));
        RequireShare(options.Beta2, nameof(options.Beta2));
        RequirePositive(options.Epsilon, nameof(options.Epsilon));
        Require(options.Momentum is null || options.Optimizer == LoraOptimizer.Sgd,
            $"Momentum is for Optimizer Sgd, and Optimizer is {options.Optimizer}: set Momentum to null");
        bool adam = options.Optimizer is LoraOptimizer.AdamW or LoraOptimizer.Adam;
        Require(adam || (options.Beta1 is null && options.Beta2 is null && options.Epsilon is null),
            $"Beta1, Beta2 and Epsilon are for Optimizer AdamW and Adam, and Optimizer is {options.Optimizer}: set them to null");
    }

    private void RequireKnown<T>(T value, string option)
        where T : struct, Enum =>
        Require(Enum.IsDefined(value), $"{option} is {value}, which is none of Lora{option}'s values");

    private void RequireShare(float? value, string option) =>
        Require(value is null or (>= 0 and < 1), $"{option} is {value}, not 0 to below 1");

    private void RequirePositive(float? value, string option) =>
        Require(value is null || (value > 0 && float.IsFinite(value.Value)), $"{option} is {value}, not above 0");

    private void RequireExpression(string pattern, string option)
    {
        try
        {
            _ = new Regex(pattern, RegexOptions.CultureInvariant);
        }
        catch (ArgumentException error)
        {
            Require(false, $"{option} has '{pattern}', which is no regular expression: {error.Message}");
        }
    }
}
