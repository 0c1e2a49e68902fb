using System.Collections.Concurrent;
using System.Diagnostics;

namespace Portal.Testing.Kubernetes.Nodes;

/// <summary>Starts processes from one thread that lives as long as this process: a child that asks to die with its parent dies with the thread that made it, and those of the pool come and go.</summary>
internal static class ProcessStarter
{
    private static readonly BlockingCollection<Action> Work = [];

    static ProcessStarter()
    {
        var thread = new Thread(() =>
        {
            foreach (var start in Work.GetConsumingEnumerable())
                start();
        })
        { IsBackground = true, Name = "test cluster processes" };
        thread.Start();
    }

    /// <summary>Starts the process; what goes wrong is thrown here.</summary>
    public static Task StartAsync(Process process)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Work.Add(() =>
        {
            try
            {
                process.Start();
                started.SetResult();
            }
            catch (Exception problem)
            {
                started.SetException(problem);
            }
        });
        return started.Task;
    }
}
