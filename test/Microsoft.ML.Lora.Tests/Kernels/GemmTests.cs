using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Kernels;

[Collection(KernelTests.Name)]
public unsafe class GemmTests
{
    private static readonly DropoutMask _dropout = new(new RandomStream(1, "dropout"), 0.3f, 5);
    private static readonly DropoutMask _tailDropout = new(new RandomStream(1, "tail"), 0.4f, 5);

    public static TheoryData<int, int, int, int> Shapes() => new()
    {
        { 0, 5, 3, 0 }, { 1, 1, 1, 0 }, { 1, 7, 5, 2 }, { 2, 8, 16, 1 }, { 3, 9, 17, 8 }, { 5, 16, 8, 3 },
        { 7, 17, 33, 0 }, { 11, 31, 40, 8 }, { 12, 32, 64, 8 }, { 13, 33, 65, 5 }, { 25, 48, 100, 16 },
        { 26, 64, 31, 1 }, { 40, 65, 48, 0 }, { 61, 100, 70, 8 }, { 9, 40, 1100, 8 }, { 61, 24, 2100, 4 },
        { 6, 3, 0, 4 }, { 11, 8, 3, 0 }, { 23, 8, 1101, 3 }, { 150, 8, 43, 8 }, { 150, 40, 13, 2 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void ProductIsThatOfPlainLoops(int m, int n, int k, int r) => KernelTests.OnEverySet(() =>
    {
        using var operands = new Operands(m, n, k, r, transposed: true);
        operands.CheckProduct(default);
    });

    [Theory]
    [MemberData(nameof(Shapes))]
    public void RowsPackTheSameOperand(int m, int n, int k, int r) => KernelTests.OnEverySet(() =>
    {
        using var operands = new Operands(m, n, k, r, transposed: false);
        operands.CheckProduct(default);
    });

    [Theory]
    [MemberData(nameof(Shapes))]
    public void PanelsOfSixteenBitsGiveTheBitsOfFloats(int m, int n, int k, int r) => KernelTests.OnEverySet(() =>
    {
        using var team = new ThreadTeam(2);
        foreach (var (element, transposed) in new[]
        {
            (PanelElement.Float16, true), (PanelElement.Float16, false), (PanelElement.BFloat16, true), (PanelElement.BFloat16, false),
        })
        {
            using var floats = new Operands(m, n, k, r, transposed, element);
            using var halves = new Operands(m, n, k, r, transposed, element, packed: true);
            halves.CheckProduct(default);
            var epilogue = new Epilogue { Bias = floats.Bias.View.Data, TailDropout = _tailDropout, Activation = Activation.Gelu };
            using var expected = floats.Multiply(0, m, epilogue, ThreadTeam.Single);
            using var actual = halves.Multiply(0, m, epilogue, team);
            Approx.SameBits(expected.View, actual.View);
        }
    });

    [Theory]
    [InlineData(0, 5, 3, 0)]
    [InlineData(5, 16, 8, 3)]
    [InlineData(13, 33, 65, 5)]
    [InlineData(26, 41, 20, 8)]
    [InlineData(3, 40, 1100, 8)]
    public void EveryEpilogueIsThatOfPlainLoops(int m, int n, int k, int r) => KernelTests.OnEverySet(() =>
    {
        using var operands = new Operands(m, n, k, r, transposed: true);
        var bias = operands.Bias.View.Data;
        var extra = operands.Extra.View;
        operands.CheckProduct(new Epilogue { Bias = bias });
        operands.CheckProduct(new Epilogue { Accumulate = true });
        operands.CheckProduct(new Epilogue { Bias = bias, Residual = extra });
        operands.CheckProduct(new Epilogue { Bias = bias, Residual = extra, Accumulate = true });
        operands.CheckProduct(new Epilogue { Bias = bias, Residual = extra, Dropout = _dropout });
        operands.CheckProduct(new Epilogue { TailDropout = _tailDropout, Accumulate = true });
        operands.CheckProduct(new Epilogue { Bias = bias, Activation = Activation.Gelu });
        operands.CheckProduct(new Epilogue { Activation = Activation.Tanh, Activated = operands.Activated.View });
        operands.CheckProduct(
            new Epilogue
            {
                Bias = bias,
                Accumulate = true,
                Dropout = _dropout,
                Residual = extra,
                TailDropout = _tailDropout,
                Activation = Activation.Silu,
            });
    });

    [Fact]
    public void ARowsBitsDoNotDependOnItsNeighboursOrTheTeam() => KernelTests.OnEverySet(() =>
    {
        const int M = 139;
        using var team = new ThreadTeam(3);
        using var operands = new Operands(M, 210, 300, 8, transposed: true);
        var epilogue = new Epilogue { Bias = operands.Bias.View.Data, Activation = Activation.Gelu };
        using var together = operands.Multiply(0, M, epilogue, ThreadTeam.Single);
        using var shared = operands.Multiply(0, M, epilogue, team);
        Approx.SameBits(together.View, shared.View);
        foreach (var (first, count) in new[] { (0, 1), (5, 2), (17, 12), (30, 13), (64, 25), (100, 39) })
        {
            using var alone = operands.Multiply(first, count, epilogue, team);
            Approx.SameBits(together.View.SliceRows(first, count), alone.View);
        }
    });

    [Theory]
    [InlineData(1, 1)]
    [InlineData(70, 1100)]
    [InlineData(0, 5)]
    [InlineData(5, 0)]
    public void WhatIsReadNextChangesNothing(int n, int k) => KernelTests.OnEverySet(() =>
    {
        using var team = new ThreadTeam(2);
        using var operands = new Operands(25, 210, 1300, 8, transposed: true);
        using var alone = operands.Multiply(0, 25, default, team);
        using var next = new PackedMatrix(k, n, element: PanelElement.BFloat16);
        operands.B.Next = next;
        using var chained = operands.Multiply(0, 25, default, team);
        Approx.SameBits(alone.View, chained.View);
    });

    [Fact]
    public void ShapesThatDoNotFitAreRefused()
    {
        using var operands = new Operands(4, 5, 6, 2, transposed: true);
        using var wrong = new GuardedMatrix(4, 6);
        Assert.Throws<ArgumentException>(() => Gemm.Multiply(
            operands.A.View, default, operands.B, wrong.View, default, ThreadTeam.Single));
        Assert.Throws<ArgumentException>(() => operands.B.PackRows(3, operands.Weight.View));
        Assert.Throws<ArgumentException>(() => operands.B.SetTail(operands.Weight.View));
    }

    private sealed class Operands : IDisposable
    {
        public Operands(
            int m, int n, int k, int r, bool transposed, PanelElement numbers = PanelElement.Float32, bool packed = false)
        {
            A = GuardedMatrix.Random(m, k, "a", 3);
            Tail = GuardedMatrix.Random(m, r, "tail", 1);
            Weight = transposed ? GuardedMatrix.Random(n, k, "w", 2) : GuardedMatrix.Random(k, n, "w", 2);
            Round(Weight.View, numbers);
            TailWeight = transposed ? GuardedMatrix.Random(n, r, "v") : GuardedMatrix.Random(r, n, "v");
            Bias = GuardedMatrix.Random(1, n, "bias");
            Extra = GuardedMatrix.Random(m, n, "extra", 7);
            Activated = new GuardedMatrix(m, n, 4);
            Transposed = transposed;
            B = new PackedMatrix(k, n, r + 1, packed ? numbers : PanelElement.Float32);
            if (transposed)
            {
                B.PackTransposedRows(0, Weight.View.SliceRows(0, n / 3));
                B.PackTransposedRows(n / 3, Weight.View.SliceRows(n / 3, n - (n / 3)));
                B.SetTailTransposed(TailWeight.View);
            }
            else
            {
                B.PackRows(0, Weight.View.SliceRows(0, k / 3));
                B.PackRows(k / 3, Weight.View.SliceRows(k / 3, k - (k / 3)));
                B.SetTail(TailWeight.View);
            }
        }

        public GuardedMatrix A { get; }

        public GuardedMatrix Tail { get; }

        public GuardedMatrix Weight { get; }

        public GuardedMatrix TailWeight { get; }

        public GuardedMatrix Bias { get; }

        public GuardedMatrix Extra { get; }

        public GuardedMatrix Activated { get; }

        public PackedMatrix B { get; }

        private bool Transposed { get; }

        public GuardedMatrix Multiply(int first, int count, in Epilogue epilogue, ThreadTeam team)
        {
            var c = new GuardedMatrix(count, B.N);
            Gemm.Multiply(
                A.View.SliceRows(first, count), Tail.View.SliceRows(first, count), B, c.View, epilogue, team);
            return c;
        }

        public void CheckProduct(in Epilogue epilogue)
        {
            using var c = GuardedMatrix.Random(A.View.Rows, B.N, "c", 5);
            var expected = c.ToDouble();
            var activated = new double[A.View.Rows, B.N];
            for (var row = 0; row < A.View.Rows; row++)
            {
                for (var column = 0; column < B.N; column++)
                {
                    var y = Linear(row, column, epilogue.Accumulate ? expected[row, column] : 0, epilogue);
                    var (value, _) = ReferenceMath.Activate(epilogue.Activation, y);
                    activated[row, column] = value;
                    expected[row, column] = epilogue.Activated.IsEmpty ? value : y;
                }
            }

            // A sum of K rounded products is off by less than K half units in the last place.
            var tolerance = (A.View.Columns + 40) * 6e-8;
            Gemm.Multiply(A.View, Tail.View, B, c.View, epilogue, ThreadTeam.Single);
            c.Check();
            Approx.Equal(expected, c.View, tolerance, "c");
            if (!epilogue.Activated.IsEmpty)
            {
                Activated.Check();
                Approx.Equal(activated, Activated.View, tolerance, "activated");
            }
        }

        public void Dispose()
        {
            foreach (var item in new IDisposable[] { A, Tail, Weight, TailWeight, Bias, Extra, Activated, B })
            {
                item.Dispose();
            }
        }

        private static void Round(Matrix matrix, PanelElement numbers)
        {
            for (var row = 0; row < matrix.Rows; row++)
            {
                foreach (ref var value in matrix[row])
                {
                    value = numbers switch
                    {
                        PanelElement.Float16 => (float)(Half)value,
                        PanelElement.BFloat16 => BitConverter.Int32BitsToSingle(
                            BitConverter.SingleToInt32Bits(value) & unchecked((int)0xFFFF0000)),
                        _ => value,
                    };
                }
            }
        }

        private double Linear(int row, int column, double sum, in Epilogue epilogue)
        {
            for (var k = 0; k < A.View.Columns; k++)
            {
                sum += (double)A.View[row][k] * (Transposed ? Weight.View[column][k] : Weight.View[k][column]);
            }

            for (var r = 0; r < Tail.View.Columns; r++)
            {
                sum += (double)Tail.View[row][r] * (Transposed ? TailWeight.View[column][r] : TailWeight.View[r][column])
                    * epilogue.TailDropout.Factor(row, column);
            }

            sum += epilogue.Bias == null ? 0 : epilogue.Bias[column];
            sum *= epilogue.Dropout.Factor(row, column);
            return sum + (epilogue.Residual.IsEmpty ? 0 : epilogue.Residual[row][column]);
        }
    }
}
