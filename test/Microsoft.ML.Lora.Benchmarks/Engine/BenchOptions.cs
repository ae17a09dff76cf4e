using System.Globalization;
using Microsoft.ML.Lora.Kernels;

namespace Microsoft.ML.Lora.Benchmarks.Engine;

/// <summary>The options the engine's benchmarks share.</summary>
internal sealed class BenchOptions
{
    public const string Usage =
        "[--shape base|minilm|mini] [--seq N | --lengths FILE] [--batch 32] [--rows N] [--rank 8] [--targets qv|all]\n"
        + "  [--threads T] [--steps N] [--kernel avx512|avx2|vector128|scalar] [--pooling head|mean] [--dropout P]\n"
        + "  [--element float32|float16|bfloat16] [--recompute 0|1]";

    public ModelShape Shape { get; private set; } = ModelShape.MiniLM;

    /// <summary>Tokens of every example, when <see cref="LengthsFile"/> is null.</summary>
    public int Sequence { get; private set; } = 128;

    /// <summary>A file with one example's token count a line.</summary>
    public string? LengthsFile { get; private set; }

    /// <summary>Examples a batch.</summary>
    public int Batch { get; private set; } = 32;

    public int Rank { get; private set; } = 8;

    /// <summary>Adapters on all six linears of a layer, or on query and value.</summary>
    public bool AllTargets { get; private set; } = true;

    public int Threads { get; private set; } = Environment.ProcessorCount;

    public int Steps { get; private set; } = 10;

    public string? Kernel { get; private set; }

    /// <summary>The head reads the mean of all tokens, not the first one.</summary>
    public bool MeanPooling { get; private set; }

    /// <summary>Of the adapters' inputs.</summary>
    public float Dropout { get; private set; }

    /// <summary>Products find their right side in memory, not in a cache.</summary>
    public bool Cold { get; private set; }

    /// <summary>Activations are computed again for the backward pass.</summary>
    public bool Recomputes { get; private set; }

    /// <summary>Part of the names of what is measured; empty for all.</summary>
    public string Only { get; private set; } = string.Empty;

    /// <summary>What the base's weights are stored in, and their panels with them.</summary>
    public PanelElement Element { get; private set; } = PanelElement.Float32;

    /// <summary>What the JSON line says of the lengths.</summary>
    public string LengthsName => LengthsFile is null ? $"{Sequence}" : Path.GetFileName(LengthsFile);

    /// <summary>Reads the options; null, and a message, when they do not make sense.</summary>
    public static BenchOptions? Parse(string verb, string[] args)
    {
        var options = new BenchOptions();
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length || !options.Set(args[i], args[i + 1]))
            {
                Console.Error.WriteLine($"'{args[i]}' is no option here or lacks its value.\nusage: bench {verb} {Usage}");
                return null;
            }
        }

        return options;
    }

    /// <summary>Token counts of as many examples as the steps need, as they come in the file.</summary>
    public int[] Lengths(int examples)
    {
        if (LengthsFile is null)
        {
            return [.. Enumerable.Repeat(Sequence, examples)];
        }

        int[] all =
        [
            .. File.ReadLines(LengthsFile).Where(line => line.Length > 0)
                .Select(line => Math.Min(512, int.Parse(line, CultureInfo.InvariantCulture))),
        ];
        return [.. Enumerable.Range(0, examples).Select(i => all[i % all.Length])];
    }

    /// <summary>Runs on the chosen instruction set until the result is disposed.</summary>
    public IDisposable UseKernel() => KernelSelector.Use(KernelSelector.Parse(Kernel));

    private bool Set(string name, string value)
    {
        switch (name)
        {
            case "--shape" when ModelShape.Named.TryGetValue(value, out ModelShape? shape):
                Shape = shape;
                return true;
            case "--lengths" when File.Exists(value):
                LengthsFile = value;
                return true;
            case "--targets" when value is "qv" or "all":
                AllTargets = value == "all";
                return true;
            case "--pooling" when value is "head" or "mean":
                MeanPooling = value == "mean";
                return true;
            case "--cold" when value is "0" or "1":
                Cold = value == "1";
                return true;
            case "--element" when Enum.TryParse(value, ignoreCase: true, out PanelElement element):
                Element = element;
                return true;
            case "--only":
                Only = value;
                return true;
            case "--recompute" when value is "0" or "1":
                Recomputes = value == "1";
                return true;
            case "--kernel":
                Kernel = value;
                return true;
            case "--dropout" when float.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out float p):
                Dropout = p;
                return true;
            default:
                return int.TryParse(value, out int number) && number > 0 && SetNumber(name, number);
        }
    }

    private bool SetNumber(string name, int number)
    {
        switch (name)
        {
            case "--seq":
                Sequence = number;
                return true;
            case "--batch" or "--rows":
                Batch = number;
                return true;
            case "--rank":
                Rank = number;
                return true;
            case "--threads":
                Threads = number;
                return true;
            case "--steps":
                Steps = number;
                return true;
            default:
                return false;
        }
    }
}
