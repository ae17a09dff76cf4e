Console.WriteLine("usage: bench gemm|train|score|profile|compare|accuracy [options]");
return args.Length == 0 ? 0 : 2;
