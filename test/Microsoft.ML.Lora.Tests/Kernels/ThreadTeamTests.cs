using System.Collections.Concurrent;
using Microsoft.ML.Lora.Kernels;
using Xunit;

namespace Microsoft.ML.Lora.Tests.Kernels;

public class ThreadTeamTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 5)]
    [InlineData(2, 1)]
    [InlineData(2, 2)]
    [InlineData(4, 1000)]
    public void EveryItemRunsOnce(int threads, int count)
    {
        using var team = new ThreadTeam(threads);
        for (var round = 0; round < 50; round++)
        {
            var runs = new int[count];
            team.Run(count, (item, worker) =>
            {
                Assert.InRange(worker, 0, threads - 1);
                Interlocked.Increment(ref runs[item]);
            });
            Assert.All(runs, times => Assert.Equal(1, times));
        }
    }

    [Fact]
    public void WorkersWakeAfterASleep()
    {
        using var team = new ThreadTeam(3);
        using var everybody = new Barrier(3);
        for (var round = 0; round < 3; round++)
        {
            Thread.Sleep(20);
            team.Run(3, (_, _) => Assert.True(everybody.SignalAndWait(TimeSpan.FromSeconds(30))));
        }
    }

    [Fact]
    public void AThreadBeginsWithTheSameItemsEachTime()
    {
        using var team = new ThreadTeam(3);
        using var everybody = new Barrier(3);
        for (var round = 0; round < 20; round++)
        {
            team.Run(6, (item, worker) =>
            {
                Assert.Equal(worker, item % 3);
                Assert.True(everybody.SignalAndWait(TimeSpan.FromSeconds(30)));
            });
        }
    }

    [Fact]
    public void WorkerNumbersAreNotSharedWithinARun()
    {
        using var team = new ThreadTeam(3);
        var inside = new int[3];
        team.Run(200, (_, worker) =>
        {
            Assert.Equal(1, Interlocked.Increment(ref inside[worker]));
            Thread.SpinWait(500);
            Interlocked.Decrement(ref inside[worker]);
        });
    }

    [Fact]
    public void ABodysExceptionReachesTheCallerAndTheTeamStaysUsable()
    {
        using var team = new ThreadTeam(2);
        for (var round = 0; round < 20; round++)
        {
            var thrown = Assert.Throws<InvalidOperationException>(() => team.Run(
                10, (item, _) => _ = item == 3 ? throw new InvalidOperationException("three") : 0));
            Assert.Equal("three", thrown.Message);
            var sum = 0;
            team.Run(10, (item, _) => Interlocked.Add(ref sum, item));
            Assert.Equal(45, sum);
        }
    }

    [Fact]
    public void ARunInsideARunIsDoneByItsCaller()
    {
        using var team = new ThreadTeam(2);
        var threads = new ConcurrentDictionary<int, int>();
        team.Run(8, (_, _) =>
        {
            var outer = Environment.CurrentManagedThreadId;
            team.Run(4, (_, worker) =>
            {
                Assert.Equal(0, worker);
                Assert.Equal(outer, Environment.CurrentManagedThreadId);
                threads.AddOrUpdate(outer, 1, (_, times) => times + 1);
            });
        });
        Assert.Equal(32, threads.Values.Sum());
    }

    [Fact]
    public void SeveralCallersAtOnceAllFinish()
    {
        using var team = new ThreadTeam(2);
        var total = 0;
        var callers = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            for (var round = 0; round < 200; round++)
            {
                team.Run(5, (_, _) => Interlocked.Increment(ref total));
            }
        })).ToList();
        callers.ForEach(caller => caller.Start());
        callers.ForEach(caller => caller.Join());
        Assert.Equal(4 * 200 * 5, total);
    }

    [Fact]
    public void ARunAllocatesNothing()
    {
        using var team = new ThreadTeam(2);
        var sum = 0;
        Action<int, int> body = (item, _) => Interlocked.Add(ref sum, item);
        team.Run(10, body);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 100; round++)
        {
            team.Run(10, body);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void ADisposedTeamRunsInItsCaller()
    {
        var team = new ThreadTeam(2);
        team.Dispose();
        var caller = Environment.CurrentManagedThreadId;
        team.Run(3, (_, _) => Assert.Equal(caller, Environment.CurrentManagedThreadId));
    }

    [Fact]
    public void NoThreadsAreRefused() => Assert.Throws<ArgumentOutOfRangeException>(() => new ThreadTeam(0));
}
