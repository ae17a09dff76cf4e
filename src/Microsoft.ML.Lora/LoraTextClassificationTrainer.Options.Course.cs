namespace Microsoft.ML.Lora;

public sealed partial class LoraTextClassificationTrainer
{
    public sealed partial class Options
    {
        /// <summary>
        /// The metric on the validation rows that picks the best epoch and that <see cref="EarlyStoppingPatience"/> waits for;
        /// the validation loss decides between equals. Default <see cref="LoraValidationMetric.Accuracy"/>.
        /// </summary>
        public LoraValidationMetric ValidationMetric = LoraValidationMetric.Accuracy;

        /// <summary>
        /// Share of all steps, at the end of training, whose weights are averaged (Izmailov et al. 2018), 0 to 1: the last epoch's
        /// model has the average, which is surer than where a single step happens to end. 0 for the last step's weights. Default 0.2.
        /// Training that stops before its last epoch averages nothing.
        /// </summary>
        public float WeightAveraging = 0.2f;

        /// <summary>
        /// Whether a training whose loss or gradient is no longer a finite number begins anew, once, at a tenth of the learning
        /// rate, instead of throwing. Said in the log and by <see cref="LoraModel.DivergedAtStep"/>. Default false.
        /// </summary>
        public bool RetryAtLowerRate;

        /// <summary>
        /// Whether rows may have classes that the model to go on from does not know: they are added to its head. Of no meaning
        /// without such a model. Default false, which refuses them.
        /// </summary>
        public bool AddNewClasses;

        /// <summary>
        /// A folder to keep the run in while it trains; null (default) keeps nothing. The same trainer, options and rows given
        /// the same folder again go on where the run was left, and end with the same bits as one that was never stopped; a
        /// finished run gives its model at once. Delete the folder's checkpoints to train anew. A folder holds one run: that of
        /// other options or rows is refused.
        /// </summary>
        public string? CheckpointFolder;

        /// <summary>
        /// Optimiser steps between two checkpoints inside an epoch, 0 or more; 0 (default) for none by steps. The end of an
        /// epoch, and cancelling, always write one.
        /// </summary>
        public int CheckpointSteps;

        /// <summary>
        /// Time between two checkpoints inside an epoch; zero for none by time. Default five minutes.
        /// </summary>
        public TimeSpan CheckpointInterval = TimeSpan.FromMinutes(5);
    }
}
