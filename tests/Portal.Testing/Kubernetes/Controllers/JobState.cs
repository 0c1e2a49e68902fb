using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>How far a Job has come.</summary>
internal sealed class JobState
{
    private readonly StoredObject _job;

    public JobState(StoredObject job, List<StoredObject> pods)
    {
        _job = job;
        Pods = pods;
        Active = [.. pods.Where(OwnedPods.IsActive)];
        Terminating = pods.Count(p => p.IsTerminating && !OwnedPods.IsEnded(p));
        var counted = pods.Where(p => OwnedPods.IsEnded(p) && p.Json.Texts("metadata", "finalizers").Contains("batch.kubernetes.io/job-tracking")).ToList();
        Succeeded = (job.Json.Number("status", "succeeded") ?? 0) + counted.Count(p => p.Json.Text("status", "phase") == "Succeeded");
        Failed = (job.Json.Number("status", "failed") ?? 0) + counted.Count(p => p.Json.Text("status", "phase") == "Failed" && !IsIgnored(p));
        Uncounted = counted;
    }

    public List<StoredObject> Pods { get; }

    public List<StoredObject> Active { get; }

    public List<StoredObject> Uncounted { get; }

    public int Terminating { get; }

    public long Succeeded { get; }

    public long Failed { get; }

    private long? Completions => _job.Json.Number("spec", "completions");

    public bool IsComplete => Completions is { } needed ? Succeeded >= needed : Succeeded > 0 && Active.Count == 0;

    /// <summary>How many pods should run now.</summary>
    public long Wanted => Completions is { } needed ? Math.Min(_job.Json.Number("spec", "parallelism") ?? 1, needed - Succeeded) : Succeeded > 0 ? Active.Count : _job.Json.Number("spec", "parallelism") ?? 1;

    /// <summary>Indexes that nobody works on or has done.</summary>
    public IEnumerable<long> FreeIndexes()
    {
        var taken = Pods.Where(p => p.Json.Text("status", "phase") != "Failed").Select(p => p.Json.Text("metadata", "annotations", "batch.kubernetes.io/job-completion-index")).ToHashSet();
        for (var i = 0L; i < (Completions ?? 0); i++)
        {
            if (!taken.Contains(i.ToString(System.Globalization.CultureInfo.InvariantCulture)))
                yield return i;
        }
    }

    /// <summary>Why it has failed, or null.</summary>
    public (string Reason, string Message)? Failure(DateTimeOffset now, TestClusterOptions options)
    {
        if (_job.Json.Objects("status", "conditions").FirstOrDefault(c => c.Text("type") == "FailureTarget") is { } target)
            return (target.Text("reason")!, target.Text("message")!);
        if (Deadline(now, options) is { } left && left <= TimeSpan.Zero)
            return ("DeadlineExceeded", "Job was active longer than specified deadline");
        foreach (var pod in Uncounted.Where(p => p.Json.Text("status", "phase") == "Failed"))
        {
            if (Rule(pod) is { } rule && rule.Text("action") == "FailJob")
                return ("PodFailurePolicy", $"Container {Exit(pod).Container} for pod {pod.Namespace}/{pod.Name} failed with exit code {Exit(pod).Code} matching FailJob rule at index {_job.Json.Objects("spec", "podFailurePolicy", "rules").ToList().IndexOf(rule)}");
        }
        var restarts = _job.Json.Text("spec", "template", "spec", "restartPolicy") == "OnFailure" ? Active.Sum(p => p.Json.Objects("status", "containerStatuses").Sum(c => c.Number("restartCount") ?? 0)) : 0;
        return Failed + restarts > (_job.Json.Number("spec", "backoffLimit") ?? 6) ? ("BackoffLimitExceeded", "Job has reached the specified backoff limit") : null;
    }

    /// <summary>Time left of its deadline, or null.</summary>
    public TimeSpan? Deadline(DateTimeOffset now, TestClusterOptions options) =>
        _job.Json.Number("spec", "activeDeadlineSeconds") is { } seconds && _job.Json.Instant("status", "startTime") is { } start ? start + options.Seconds(seconds) - now : null;

    private bool IsIgnored(StoredObject pod) => Rule(pod)?.Text("action") == "Ignore";

    private System.Text.Json.Nodes.JsonObject? Rule(StoredObject pod)
    {
        foreach (var rule in _job.Json.Objects("spec", "podFailurePolicy", "rules"))
        {
            if (rule.At("onExitCodes") is { } codes && Exit(pod).Code is { } code and not 0)
            {
                var named = codes.At("values") is System.Text.Json.Nodes.JsonArray values && values.Any(v => v.Number() == code);
                if (named == (codes.Text("operator") == "In"))
                    return rule;
            }
            if (rule.Objects("onPodConditions").Any(c => pod.Json.Objects("status", "conditions").Any(p => p.Text("type") == c.Text("type") && p.Text("status") == (c.Text("status") ?? "True"))))
                return rule;
        }
        return null;
    }

    private static (string? Container, long? Code) Exit(StoredObject pod)
    {
        var ended = pod.Json.Objects("status", "containerStatuses").FirstOrDefault(c => c.Number("state", "terminated", "exitCode") is > 0);
        return (ended?.Text("name"), ended.Number("state", "terminated", "exitCode"));
    }
}
