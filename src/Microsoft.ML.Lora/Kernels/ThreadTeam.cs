using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lora.Kernels;

/// <summary>Persistent worker threads that share out the items of one job at a time.</summary>
/// <remarks>
/// Threads of our own, not the runtime's pool: a step has hundreds of joins some microseconds apart, which wants workers
/// that are awake and take no other work in between, and no allocation. A caller that finds the team busy does its
/// whole job itself, so several callers at once never run more threads than there are callers and workers.
/// </remarks>
internal sealed unsafe class ThreadTeam : IDisposable
{
    /// <summary>A team without workers: everything runs in the caller.</summary>
    public static readonly ThreadTeam Single = new(1);

    private readonly ThreadTeamJob? _job;
    private readonly Thread[] _workers;

    /// <summary>A team of the caller and <paramref name="threads"/> − 1 background workers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is not positive.</exception>
    public ThreadTeam(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        Threads = threads;
        _workers = new Thread[threads - 1];
        if (threads == 1)
        {
            GC.SuppressFinalize(this);
            return;
        }

        // Workers know the job, not the team: a team nobody holds any more is finalised, and its workers end.
        var job = _job = new ThreadTeamJob(threads);
        for (var i = 0; i < _workers.Length; i++)
        {
            var worker = i + 1;
            _workers[i] = new Thread(() => job.Work(worker), 1 << 20)
            {
                IsBackground = true,
                Name = $"Microsoft.ML.Lora {worker}",
            };
            _workers[i].Start();
        }
    }

    ~ThreadTeam() => _job?.Stop();

    /// <summary>Threads that work on a job, the caller included.</summary>
    public int Threads { get; }

    /// <summary>
    /// Calls <paramref name="body"/>(item, worker) once for each item in 0 … <paramref name="count"/> − 1, and returns
    /// when all are done. A thread begins with items of its own, the same in every run of as many, in increasing order,
    /// and then takes what others have left. Worker numbers lie in 0 … <see cref="Threads"/> − 1 and no two threads of this run
    /// share one. Another run, at the same time, has the same numbers.
    /// </summary>
    /// <exception cref="Exception">What a body threw first; items not yet taken are left out.</exception>
    public void Run(int count, Action<int, int> body)
    {
        var job = new DelegateJob(body);
        Run(count, ref job);
    }

    /// <summary>The same for a job that is a struct; it must lie on the caller's stack.</summary>
    public void Run<TJob>(int count, ref TJob job)
        where TJob : struct, IParallelJob
    {
        if (_job == null || count < 2 || !_job.TryRun(count, &RunItem<TJob>, Unsafe.AsPointer(ref job)))
        {
            for (var item = 0; item < count; item++)
            {
                job.Run(item, 0);
            }
        }

        GC.KeepAlive(this);
    }

    /// <summary>Ends the workers. A run that is under way is finished first.</summary>
    public void Dispose()
    {
        _job?.Stop();
        foreach (var worker in _workers)
        {
            worker.Join();
        }

        GC.SuppressFinalize(this);
    }

    private static void RunItem<TJob>(void* job, int item, int worker)
        where TJob : struct, IParallelJob => Unsafe.AsRef<TJob>(job).Run(item, worker);

    private readonly struct DelegateJob(Action<int, int> body) : IParallelJob
    {
        public void Run(int item, int worker) => body(item, worker);
    }
}
