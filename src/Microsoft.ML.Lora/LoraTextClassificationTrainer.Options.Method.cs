namespace Microsoft.ML.Lora;

public sealed partial class LoraTextClassificationTrainer
{
    public sealed partial class Options
    {
        /// <summary>
        /// What is trained. With <see cref="LoraFineTuning.Full"/> and <see cref="LoraFineTuning.HeadOnly"/> there are no
        /// low-rank updates: <see cref="Rank"/>, <see cref="Alpha"/>, <see cref="TargetModules"/> and
        /// <see cref="LoraDropout"/> then mean nothing, and options that ask for a kind of update are refused. Default
        /// <see cref="LoraFineTuning.Lora"/>.
        /// </summary>
        public LoraFineTuning FineTuning = LoraFineTuning.Lora;

        /// <summary>
        /// Rank r of the update B·A of each adapted layer, 1 to 4096, or <see cref="LoraRank.Auto"/>. Default 8.
        /// </summary>
        public LoraRank Rank = 8;

        /// <summary>Numerator of the scaling of the update, above 0. Default 16.</summary>
        public float Alpha = 16;

        /// <summary>The scaling s of the update: alpha/r or alpha/√r. Default <see cref="LoraScaling.Standard"/>.</summary>
        public LoraScaling Scaling = LoraScaling.Standard;

        /// <summary>What an adapted layer computes. Default <see cref="LoraFormulation.Lora"/>.</summary>
        public LoraFormulation Formulation = LoraFormulation.Lora;

        /// <summary>How A and B start. Default <see cref="LoraInitialization.Kaiming"/>.</summary>
        public LoraInitialization Initialization = LoraInitialization.Kaiming;

        /// <summary>The layers to adapt. Default <see cref="LoraTargetModules.AllLinear"/>.</summary>
        public LoraTargetModules TargetModules = LoraTargetModules.AllLinear;

        /// <summary>Indices from 0 of the encoder layers to adapt; null (default) for all.</summary>
        public int[]? LayersToTransform;

        /// <summary>
        /// Ranks of single layers: a regular expression for a layer's name, or for its end after a dot, and the rank. The first
        /// that matches counts; null (default) for <see cref="Rank"/> everywhere.
        /// </summary>
        public IReadOnlyDictionary<string, int>? RankPattern;

        /// <summary>Alphas of single layers, as <see cref="RankPattern"/>; null (default) for <see cref="Alpha"/> everywhere.</summary>
        public IReadOnlyDictionary<string, float>? AlphaPattern;

        /// <summary>Probability of dropping an input of an adapter while training, 0 to below 1. Default 0.05.</summary>
        public float LoraDropout = 0.05f;

        /// <summary>Which biases of the base model are trained as well. Default <see cref="LoraBias.None"/>.</summary>
        public LoraBias Bias = LoraBias.None;

        /// <summary>
        /// Modules outside the encoder's layers to train in full: with <see cref="LoraPooling.FamilyHead"/> "pooler" of BERT and
        /// DeBERTa, "head" of ModernBERT. The output layer always is. Default none.
        /// </summary>
        public string[] ModulesToSave = [];

        /// <summary>
        /// Probability of dropping an input of the output layer while training, 0 to below 1; null (default) is the base model's
        /// own, or 0 without <see cref="BaseDropout"/>.
        /// </summary>
        public float? HeadDropout;

        /// <summary>
        /// What is made small. Null (default) is <see cref="LoraLoss.Contrastive"/> where there are 2 to 32 training rows a class, no
        /// more than 6 classes, a regression on the untouched base tells fewer than three quarters of rows set aside, and nothing
        /// speaks for an output layer trained by steps (<see cref="Epochs"/>,
        /// <see cref="LinearProbe"/> = false, an option for another loss or for the head, <see cref="LoraFineTuning.Full"/>,
        /// <see cref="LoraFineTuning.HeadOnly"/>, a model to go on from), else <see cref="LoraLoss.CrossEntropy"/>.
        /// </summary>
        public LoraLoss? Loss;

        /// <summary>
        /// Share ε of a label that is spread over all classes, 0 to below 1: t = 1 − ε + ε/K for the true one of K classes, ε/K
        /// for the others. For <see cref="LoraLoss.CrossEntropy"/>. Default 0.
        /// </summary>
        public float LabelSmoothing;

        /// <summary>Exponent γ of <see cref="LoraLoss.Focal"/>, 0 or more; null (default) is 2.</summary>
        public float? FocalGamma;

        /// <summary>How much each class counts; null (default) for all alike.</summary>
        public LoraClassWeights? ClassWeights;

        /// <summary>What is added to the loss for the size of the updates. Default <see cref="LoraUpdatePenalty.None"/>.</summary>
        public LoraUpdatePenalty UpdatePenalty = LoraUpdatePenalty.None;

        /// <summary>Factor λ of the <see cref="UpdatePenalty"/>, above 0 where there is one. Default 0.</summary>
        public float UpdatePenaltyStrength;

        /// <summary>How parameters follow their gradients. Default <see cref="LoraOptimizer.AdamW"/>.</summary>
        public LoraOptimizer Optimizer = LoraOptimizer.AdamW;

        /// <summary>
        /// Learning rate after the warm-up, above 0; null (default) suits what is trained, how, and the base model's size: with
        /// AdamW 1e-3 for updates up to a hidden size of 512, 3e-4 below 1024, 2e-4 from there; 5e-5 for
        /// <see cref="LoraFineTuning.Full"/> (2e-5 from a hidden size of 1024); 1e-2 for <see cref="LoraFineTuning.HeadOnly"/>;
        /// a hundred times as much for <see cref="LoraOptimizer.Sgd"/>.
        /// </summary>
        public float? LearningRate;

        /// <summary>Learning rate of the head, above 0; null (default) for <see cref="LearningRate"/>.</summary>
        public float? HeadLearningRate;

        /// <summary>
        /// How many times A's learning rate B's is, above 0
        /// (LoRA+, <see href="https://arxiv.org/abs/2402.12354">Hayou et al. 2024</see>). Default 1.
        /// </summary>
        public float LoraPlusRatio = 1;

        /// <summary>How the learning rate goes. Default <see cref="LoraSchedule.Linear"/>.</summary>
        public LoraSchedule Schedule = LoraSchedule.Linear;

        /// <summary>
        /// Share of all steps in which the learning rate rises, 0 to below 1; null (default) is 0.06, or 0.3 with
        /// <see cref="LoraSchedule.OneCycle"/>.
        /// </summary>
        public float? WarmupFraction;

        /// <summary>
        /// Number of batches whose gradients make one optimiser step, 1 or more: steps of
        /// <see cref="BatchSize"/> × <see cref="GradientAccumulation"/> rows with one batch in memory. Default 1.
        /// </summary>
        public int GradientAccumulation = 1;

        /// <summary>Weight decay, 0 or more. Default 0.01.</summary>
        public float WeightDecay = 0.01f;

        /// <summary>Whether vectors (biases, layer norms, DoRA's lengths) decay as matrices do. Default false.</summary>
        public bool DecaysVectors;

        /// <summary>Decay of the mean of gradients in AdamW and Adam, 0 to below 1; null (default) is 0.9.</summary>
        public float? Beta1;

        /// <summary>Decay of the mean of squared gradients in AdamW and Adam, 0 to below 1; null (default) is 0.999.</summary>
        public float? Beta2;

        /// <summary>What AdamW and Adam add to the root of the mean square, above 0; null (default) is 1e-8.</summary>
        public float? Epsilon;

        /// <summary>Share μ of the last step that <see cref="LoraOptimizer.Sgd"/> keeps, 0 to below 1; null (default) is 0.9.</summary>
        public float? Momentum;

        /// <summary>Length that the gradient of a step is cut to, above 0; positive infinity never cuts. Default 1.</summary>
        public float MaxGradientNorm = 1;
    }
}
