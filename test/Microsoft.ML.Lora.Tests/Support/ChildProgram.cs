using System.Runtime.InteropServices;

namespace Microsoft.ML.Lora.Tests.Support;

/// <summary>The entry point of <see cref="ChildProcess"/>.</summary>
internal static class ChildProgram
{
    private static readonly Dictionary<string, Action<string[]>> _verbs = new() { ["score"] = Score };

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
}
