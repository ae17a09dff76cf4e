using Microsoft.ML.Lora.Kernels;
using Microsoft.ML.Lora.Tensors;
using Microsoft.ML.Lora.Tests.Support;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Kernels;

[Collection(KernelTests.Name)]
public class AttentionTests
{
    private const double Tolerance = 2e-5;

    public static TheoryData<int[], int, int> Cases() => new()
    {
        { [1], 1, 16 }, { [2, 3], 2, 8 }, { [13, 25, 1], 3, 32 }, { [15, 16, 17], 2, 20 }, { [5], 2, 5 },
        { [33, 0, 31], 1, 64 }, { [130], 1, 32 }, { [49, 48, 47], 1, 128 }, { [7], 3, 24 }, { [64, 12], 2, 16 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void ForwardAndBackwardAreThoseOfPlainLoops(int[] lengths, int heads, int size) =>
        KernelTests.OnEverySet(() => Check(lengths, heads, size, firstTokenOnly: false, default, default));

    [Theory]
    [MemberData(nameof(Cases))]
    public void FirstTokenQueriesAreThoseOfPlainLoops(int[] lengths, int heads, int size) =>
        KernelTests.OnEverySet(() => Check(
            [.. lengths.Where(length => length > 0)], heads, size, firstTokenOnly: true, default, default));

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void RelativeBiasAndWindowAreThoseOfPlainLoops(int reach) => KernelTests.OnEverySet(() =>
    {
        using var relative = GuardedMatrix.Random(2, (2 * 60) - 1, "relative", 3);
        var bias = new AttentionBias { Relative = relative.View, Reach = reach };
        Check([20, 60, 7], 2, 16, firstTokenOnly: false, bias, default);
        Check([20, 60, 7], 2, 12, firstTokenOnly: false, new AttentionBias { Reach = reach }, default);
    });

    [Fact]
    public void DropoutIsThatOfPlainLoops() => KernelTests.OnEverySet(() => Check(
        [20, 60, 7], 2, 16, firstTokenOnly: false, default, new DropoutMask(new RandomStream(3, "p"), 0.25f, 11)));

    [Fact]
    public void BitsDoNotDependOnTheTeamOrTheOtherSequences() => KernelTests.OnEverySet(() =>
    {
        using var team = new ThreadTeam(3);
        using var all = new Run([25, 13, 70], 2, 32, firstTokenOnly: false, default, default, ThreadTeam.Single);
        using var shared = new Run([25, 13, 70], 2, 32, firstTokenOnly: false, default, default, team);
        using var one = new Run([25], 2, 32, firstTokenOnly: false, default, default, team);
        foreach (var pick in new Func<Run, GuardedMatrix>[] { r => r.Context, r => r.GradQ, r => r.GradK, r => r.GradV })
        {
            Approx.SameBits(pick(all).View, pick(shared).View);
            Approx.SameBits(pick(all).View.SliceRows(0, 25), pick(one).View);
        }
    });

    [Fact]
    public void OperandsThatDoNotFitAreRefused()
    {
        using var x = GuardedMatrix.Random(4, 6, "x");
        Assert.Throws<ArgumentException>(() => Attention.Forward(
            x.View, x.View, x.View, [0, 4], [0, 4], new AttentionSpec(4, 1), x.View, default, ThreadTeam.Single));
        Assert.Throws<ArgumentException>(() => Attention.Forward(
            x.View, x.View, x.View, [0, 5], [0, 5], new AttentionSpec(2, 1), x.View, default, ThreadTeam.Single));
    }

    private static void Check(
        int[] lengths, int heads, int size, bool firstTokenOnly, AttentionBias bias, DropoutMask dropout)
    {
        using var run = new Run(lengths, heads, size, firstTokenOnly, bias, dropout, ThreadTeam.Single);
        run.Compare(Tolerance);
    }

    private sealed class Run : IDisposable
    {
        private readonly GuardedMatrix[] _all;
        private readonly int[] _queryOffsets;
        private readonly int[] _keyOffsets;
        private readonly AttentionSpec _spec;
        private readonly int _size;

        public Run(
            int[] lengths, int heads, int size, bool firstTokenOnly, AttentionBias bias, DropoutMask dropout,
            ThreadTeam team)
        {
            _size = size;
            _keyOffsets = [0, .. lengths.Select((_, i) => lengths.Take(i + 1).Sum())];
            _queryOffsets = firstTokenOnly ? [.. Enumerable.Range(0, lengths.Length + 1)] : _keyOffsets;
            _spec = new AttentionSpec(heads, 0.4f) { Bias = bias, Dropout = dropout };
            int queries = _queryOffsets[^1], keys = _keyOffsets[^1], width = heads * size;
            Q = GuardedMatrix.Random(queries, width, "q", 5);
            K = GuardedMatrix.Random(keys, width, "k", 1);
            V = GuardedMatrix.Random(keys, width, "v", 2);
            GradContext = GuardedMatrix.Random(queries, width, "g", 3);
            Context = new GuardedMatrix(queries, width, 4);
            Statistics = new GuardedMatrix(queries, 2 * heads, 1);
            GradQ = new GuardedMatrix(queries, width, 6);
            GradK = new GuardedMatrix(keys, width, 1);
            GradV = new GuardedMatrix(keys, width, 7);
            _all = [Q, K, V, GradContext, Context, Statistics, GradQ, GradK, GradV];
            Attention.Forward(
                Q.View, K.View, V.View, _queryOffsets, _keyOffsets, _spec, Context.View, Statistics.View, team);
            Attention.Backward(
                Q.View, K.View, V.View, Statistics.View, GradContext.View, _queryOffsets, _keyOffsets, _spec,
                GradQ.View, GradK.View, GradV.View, team);
        }

        public GuardedMatrix Context { get; }

        public GuardedMatrix GradQ { get; }

        public GuardedMatrix GradK { get; }

        public GuardedMatrix GradV { get; }

        private GuardedMatrix Q { get; }

        private GuardedMatrix K { get; }

        private GuardedMatrix V { get; }

        private GuardedMatrix GradContext { get; }

        private GuardedMatrix Statistics { get; }

        public void Compare(double tolerance)
        {
            foreach (var matrix in _all)
            {
                matrix.Check();
            }

            var expected = new AttentionReference(Q.View, K.View, V.View, GradContext.View, _spec);
            for (var b = 0; b + 1 < _queryOffsets.Length; b++)
            {
                expected.Add(_queryOffsets[b], _queryOffsets[b + 1], _keyOffsets[b], _keyOffsets[b + 1]);
            }

            Approx.Equal(expected.Context, Context.View, tolerance, "context");
            Approx.Equal(expected.GradQ, GradQ.View, tolerance, "gradQ");
            Approx.Equal(expected.GradK, GradK.View, tolerance, "gradK");
            Approx.Equal(expected.GradV, GradV.View, tolerance, "gradV");
            using var scored = new GuardedMatrix(Context.View.Rows, Context.View.Columns);
            Attention.Forward(
                Q.View, K.View, V.View, _queryOffsets, _keyOffsets, _spec, scored.View, default, ThreadTeam.Single);
            Approx.SameBits(Context.View, scored.View, "context without statistics");
        }

        public void Dispose() => Array.ForEach(_all, matrix => matrix.Dispose());
    }
}
