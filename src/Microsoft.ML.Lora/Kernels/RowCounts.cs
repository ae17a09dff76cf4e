namespace Microsoft.ML.Lora.Kernels;

/// <summary>The row counts micro-kernels exist for.</summary>
internal static class RowCounts
{
    internal readonly struct Rows1 : IRowCount
    {
        public static int Count => 1;
    }

    internal readonly struct Rows2 : IRowCount
    {
        public static int Count => 2;
    }

    internal readonly struct Rows3 : IRowCount
    {
        public static int Count => 3;
    }

    internal readonly struct Rows4 : IRowCount
    {
        public static int Count => 4;
    }

    internal readonly struct Rows5 : IRowCount
    {
        public static int Count => 5;
    }

    internal readonly struct Rows6 : IRowCount
    {
        public static int Count => 6;
    }

    internal readonly struct Rows7 : IRowCount
    {
        public static int Count => 7;
    }

    internal readonly struct Rows8 : IRowCount
    {
        public static int Count => 8;
    }

    internal readonly struct Rows9 : IRowCount
    {
        public static int Count => 9;
    }

    internal readonly struct Rows10 : IRowCount
    {
        public static int Count => 10;
    }

    internal readonly struct Rows11 : IRowCount
    {
        public static int Count => 11;
    }

    internal readonly struct Rows12 : IRowCount
    {
        public static int Count => 12;
    }
}
