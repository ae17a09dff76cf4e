namespace Microsoft.ML.Lora;

public sealed partial class LoraTextClassificationTrainer
{
    /// <summary>
    /// The settings of a <see cref="LoraTextClassificationTrainer"/>. They are read and checked when the trainer is made;
    /// one exception names everything that is wrong.
    /// </summary>
    public sealed partial class Options
    {
        /// <summary>The key column to learn; its key values are the classes. Default "Label".</summary>
        public string LabelColumnName = "Label";

        /// <summary>The text column to read. Default "Text".</summary>
        public string TextColumnName = "Text";

        /// <summary>A second text column, for pairs of texts; null (default) for single texts.</summary>
        public string? TextPairColumnName;

        /// <summary>A Single column with the weight of each training row, 0 or more; null (default) weighs all alike.</summary>
        public string? ExampleWeightColumnName;

        /// <summary>The vector column of class probabilities to write. Default "Score".</summary>
        public string ScoreColumnName = "Score";

        /// <summary>The key column of the most probable class to write. Default "PredictedLabel".</summary>
        public string PredictedLabelColumnName = "PredictedLabel";

        /// <summary>The pretrained encoder; null (default) is <see cref="LoraBaseModel.Embedded"/>.</summary>
        public LoraBaseModel? BaseModel;

        /// <summary>
        /// Whether the base model's own dropout is on while training, of hidden states and attention, as its config.json has it
        /// (usually 0.1). Default true.
        /// </summary>
        public bool BaseDropout = true;

        /// <summary>What the classification head reads. Default <see cref="LoraPooling.Auto"/>.</summary>
        public LoraPooling Pooling = LoraPooling.Auto;

        /// <summary>
        /// Passes over the training rows at most, 1 or more; null (default) suits their number: 8,000 rows are seen in all, in no
        /// more than 20 passes (40 with <see cref="LoraLoss.Contrastive"/>) and no fewer than 3, or than 5 where there are fewer than
        /// 500 rows a class.
        /// </summary>
        public int? Epochs;

        /// <summary>
        /// Rows computed on at a time, 1 or more, of which an optimiser step takes this times
        /// <see cref="GradientAccumulation"/>; null (default) suits the number of training rows: 32 from 2,000 rows on, 16
        /// with fewer, 8 with fewer than 500; 24 with <see cref="LoraLoss.Contrastive"/>, whose pairs are those of a step's rows.
        /// </summary>
        public int? BatchSize;

        /// <summary>
        /// Whether the head starts from a logistic regression on what the untouched base makes of the training rows, which costs
        /// about a third of an epoch and spares the base the first steps towards a random head
        /// (<see href="https://arxiv.org/abs/2202.10054">Kumar et al. 2022</see>); null (default) does so where there are fewer
        /// than 200 training rows a class. With <see cref="LoraLoss.Contrastive"/> the head is always such a regression, in the end.
        /// </summary>
        public bool? LinearProbe;

        /// <summary>
        /// Tokens of a row at most, special tokens included, 4 or more and no more than the base model takes; longer texts
        /// are cut, of pairs the longer text first. Null (default) is 128, or what the base model takes if that is less.
        /// </summary>
        public int? MaxTokens;

        /// <summary>
        /// Share of the training rows held back to validate every epoch, class by class, 0 to below 1; used when there is no
        /// <see cref="ValidationSet"/>. Null (default) is a tenth, but 250 rows at most, and nothing of fewer than 500 rows or of
        /// fewer than 20 a class.
        /// </summary>
        public float? ValidationFraction;

        /// <summary>Rows to validate every epoch with, in the columns of the training rows; null (default) for none.</summary>
        public IDataView? ValidationSet;

        /// <summary>
        /// Epochs without a better <see cref="ValidationMetric"/> before training stops, 0 to go through all epochs. The best
        /// epoch's model is the one returned in either case. Where the validation rows are the few that are held back by default
        /// (no <see cref="ValidationSet"/>, no <see cref="ValidationFraction"/>), epochs that differ by no more than the standard
        /// error of so few rows count as alike, and the latest of them is the best. Default 2.
        /// </summary>
        public int EarlyStoppingPatience = 2;

        /// <summary>Decides everything random; null (default) takes the MLContext's seed, and chance where it has none.</summary>
        public int? Seed;

        /// <summary>
        /// Whether a training step keeps no more of an encoder layer than what goes into it, and computes the rest again for the
        /// backward pass (<see href="https://arxiv.org/abs/1604.06174">Chen et al. 2016</see>): the memory of activations falls to
        /// that of one layer and the inputs of all, and a step takes about half as long again. The result is the same. Default
        /// false.
        /// </summary>
        public bool RecomputeActivations;

        /// <summary>Threads to compute with, 1 or more; null (default) is one a core. The result does not depend on it.</summary>
        public int? NumberOfThreads;

        /// <summary>Receives a report after every step and every epoch; null (default) for none.</summary>
        public IProgress<LoraTrainingProgress>? Progress;

        /// <summary>Stops the training when cancelled, by an <see cref="OperationCanceledException"/>.</summary>
        public CancellationToken CancellationToken;

        /// <summary>
        /// Whether a cancelled training returns the best model so far instead of throwing. Default false.
        /// </summary>
        public bool ReturnBestOnCancel;

        /// <summary>
        /// Whether a saved model carries the base model, so that it needs nothing but itself. The embedded base model is
        /// never carried. When false, loading looks for the base model where it was. Default true.
        /// </summary>
        public bool SaveBaseModel = true;
    }
}
