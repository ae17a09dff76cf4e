using Microsoft.ML.Lora.Benchmarks.Baselines;

switch (args)
{
    case ["bow", ..]:
        return BagOfWordsBench.Run(args[1..]);
    default:
        Console.WriteLine("usage: bench bow|gemm|train|score|profile|compare|accuracy [options]");
        return args.Length == 0 ? 0 : 2;
}
