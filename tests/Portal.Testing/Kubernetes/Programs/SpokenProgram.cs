using System.Collections.Concurrent;

namespace Portal.Testing.Kubernetes.Programs;

/// <summary>A program that prints and ends when the test says so. One instance may be run by many containers: each of them does what is said while it runs.</summary>
public sealed class SpokenProgram : ClusterProgram
{
    private readonly ConcurrentDictionary<ContainerRun, TaskCompletionSource<ProgramEnd>> _runs = new();

    /// <summary>Prints after SIGTERM, one after the other.</summary>
    public IReadOnlyList<string> LastWords { get; set; } = [];

    /// <summary>Time between SIGTERM and the last words, and after each of them.</summary>
    public TimeSpan TermDelay { get; set; }

    /// <summary>Prints a line in every container that runs it now.</summary>
    public void Say(string line)
    {
        foreach (var run in _runs.Keys)
            run.WriteLine(line);
    }

    /// <summary>Ends every container that runs it now.</summary>
    public void Exit(int code)
    {
        foreach (var end in _runs.Values)
            end.TrySetResult(new ProgramEnd(code));
    }

    public override async Task<ProgramEnd> RunAsync(ContainerRun run, CancellationToken kill)
    {
        var end = _runs[run] = new TaskCompletionSource<ProgramEnd>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            var terminated = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var told = run.Terminating.Register(() => terminated.TrySetResult());
            if (await Task.WhenAny(end.Task, terminated.Task).WaitAsync(kill) == end.Task)
                return await end.Task;
            await Task.Delay(TermDelay, kill);
            foreach (var word in LastWords)
            {
                run.WriteLine(word);
                await Task.Delay(TermDelay, kill);
            }
            return new ProgramEnd(143);
        }
        finally
        {
            _runs.TryRemove(run, out _);
        }
    }
}
