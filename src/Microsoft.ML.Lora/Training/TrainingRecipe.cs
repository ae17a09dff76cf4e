namespace Microsoft.ML.Lora.Training;

/// <summary>How long, in what batches and how fast to train where the user leaves that open.</summary>
/// <param name="Epochs">Passes over the training examples at most.</param>
/// <param name="BatchSize">Examples in an optimiser step.</param>
/// <param name="LearningRate">Learning rate at the end of the warm-up.</param>
internal sealed record TrainingRecipe(int Epochs, int BatchSize, float LearningRate)
{
    /// <summary>
    /// The share of rows told by a regression on what the untouched base makes of the others from which on there is little to learn
    /// but that: pairs, which shape features anew, then lose more than they give.
    /// </summary>
    public const double EnoughFromBase = 0.75;

    private const int FewestToHoldBack = 500;
    private const int EnoughPerClass = 200;
    private const int FewestPerClass = 20;
    private const int MostToHoldBack = 250;
    private const int VeryFewExamples = 500;
    private const int FewExamples = 2000;
    private const int ManyPerClass = 500;
    private const int FewestEpochs = 3;
    private const int FewestEpochsOfRareClasses = 5;
    private const int MostEpochs = 20;
    private const int FewestForPairs = 2;
    private const int MostForPairs = 32;
    private const int MostClassesOfPairs = 6;
    private const int MostEpochsOfPairs = 40;
    private const int RowsOfPairs = 24;

    /// <summary>What suits a number of training examples and of classes and a base model's width.</summary>
    public static TrainingRecipe For(int examples, int classes, int hiddenSize) => new(
        EpochsFor(examples, classes, MostEpochs), BatchFor(examples), LearningRateFor(hiddenSize));

    /// <summary>The same where steps learn from pairs of rows.</summary>
    public static TrainingRecipe ForPairs(int examples, int classes, int hiddenSize) => new(
        EpochsFor(examples, classes, MostEpochsOfPairs), RowsOfPairs, LearningRateFor(hiddenSize));

    /// <summary>
    /// Whether pairs of rows may teach more than rows: where a few classes have few of them, but two to make a pair. They do where
    /// the base alone tells <see cref="EnoughFromBase"/> of the rows or less.
    /// </summary>
    public static bool MayLearnFromPairs(int examples, int classes) =>
        classes <= MostClassesOfPairs && examples >= (long)classes * FewestForPairs && examples <= (long)classes * MostForPairs;

    /// <summary>
    /// Share of the examples to validate with: a tenth, but no more than 250 of them; none of fewer than 500, and none where each
    /// of many classes has few, as every one is needed to learn from.
    /// </summary>
    public static float HoldBack(int examples, int classes) => examples < FewestToHoldBack || examples < classes * FewestPerClass
        ? 0
        : Math.Min(0.1f, (float)MostToHoldBack / examples);

    /// <summary>Whether a head had better start from a linear probe: where classes have few examples to start a random one with.</summary>
    public static bool StartsFromProbe(int examples, int classes) => examples < (long)classes * EnoughPerClass;

    // Few examples make few steps an epoch: they are gone through more often, until 8,000 were seen or each 20 times, or 40. Of many, a
    // class that is met often enough is learned in 3 passes; more of them fit the training rows closer and others worse.
    private static int EpochsFor(int examples, int classes, int most) => Math.Clamp(
        (8_000 + examples - 1) / Math.Max(1, examples),
        examples < (long)classes * ManyPerClass ? FewestEpochsOfRareClasses : FewestEpochs,
        most);

    private static int BatchFor(int examples) => examples switch
    {
        < VeryFewExamples => 8,
        < FewExamples => 16,
        _ => 32,
    };

    // About ten times what suits full fine-tuning; smaller encoders take more.
    private static float LearningRateFor(int hiddenSize) => hiddenSize switch
    {
        <= 512 => 1e-3f,
        < 1024 => 3e-4f,
        _ => 2e-4f,
    };
}
