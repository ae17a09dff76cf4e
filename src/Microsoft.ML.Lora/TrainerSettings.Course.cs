namespace Microsoft.ML.Lora;

internal sealed partial class TrainerSettings
{
    private void CheckCourse(LoraTextClassificationTrainer.Options options)
    {
        Require(Enum.IsDefined(options.ValidationMetric),
            $"ValidationMetric is {options.ValidationMetric}, which is none of LoraValidationMetric's values");
        Require(options.WeightAveraging is >= 0 and <= 1,
            $"WeightAveraging is {options.WeightAveraging}, not between 0 and 1");
        Require(options.CheckpointFolder is null || !string.IsNullOrWhiteSpace(options.CheckpointFolder),
            $"CheckpointFolder is empty (null means no checkpoints)");
        Require(options.CheckpointSteps >= 0, $"CheckpointSteps is {options.CheckpointSteps}, not 0 or more");
        Require(options.CheckpointInterval >= TimeSpan.Zero,
            $"CheckpointInterval is {options.CheckpointInterval}, not zero or more");
    }
}
