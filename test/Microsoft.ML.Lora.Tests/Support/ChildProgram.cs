using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>The entry point of <see cref="ChildProcess"/>.</summary>
internal static class ChildProgram
{
    /// <summary>What a process that got signal 9 leaves.</summary>
    public const int KilledExitCode = 137;

    private static readonly Dictionary<string, Action<string[]>> _verbs = new()
    {
        ["score"] = Score,
        ["train-until"] = TrainUntil,
    };

    /// <summary>The options of the run that is killed and gone on with.</summary>
    public static LoraTextClassificationTrainer.Options CheckpointedOptions(string baseFolder, string? checkpointFolder)
    {
        LoraTextClassificationTrainer.Options options = Toy.Options(epochs: 2);
        options.BaseModel = LoraBaseModel.FromFolder(baseFolder);
        options.CheckpointFolder = checkpointFolder;
        options.CheckpointSteps = 2;
        return options;
    }

    private static int Main(string[] args)
    {
        _verbs[args[0]](args[1..]);
        return 0;
    }

    // Knows nothing of the product: ML.NET has to find the loader by itself.
    private static void Score(string[] args)
    {
        var context = new MLContext();
        ITransformer model = context.Model.Load(args[0], out _);
        float[] scores = Toy.Scores(model.Transform(Toy.View(context)));
        File.WriteAllBytes(args[1], MemoryMarshal.AsBytes<float>(scores).ToArray());
    }

    // Dies at a step without a chance to clean up.
    private static void TrainUntil(string[] args)
    {
        LoraTextClassificationTrainer.Options options = CheckpointedOptions(args[0], args[1]);
        options.Progress = new Killer(int.Parse(args[2], CultureInfo.InvariantCulture));
        Toy.Train(new MLContext(), options);
    }

    private sealed class Killer(int step) : IProgress<LoraTrainingProgress>
    {
        public void Report(LoraTrainingProgress value)
        {
            if (value.Step == step)
            {
                Process.GetCurrentProcess().Kill();
            }
        }
    }
}
