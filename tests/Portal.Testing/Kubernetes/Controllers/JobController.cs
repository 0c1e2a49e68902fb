using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Runs a Job's pods until enough have succeeded or too many have failed.</summary>
internal sealed class JobController(ClusterCore core) : Controller(core)
{
    private const string Tracking = "batch.kubernetes.io/job-tracking";

    public override IEnumerable<ObjectKey> Concerns(StoredChange change)
    {
        if (change.After.Type == ResourceCatalog.Jobs)
            return change.IsDeletion ? [] : [change.After.Key];
        if (change.After.Type != ResourceCatalog.Pods)
            return [];
        var jobs = ControllerOf(change.After, ResourceCatalog.Jobs);
        return change.After.IsTerminating && !change.IsDeletion ? jobs.Append(change.After.Key) : jobs;
    }

    public override TimeSpan? Reconcile(ObjectKey key)
    {
        if (key.GroupResource == ResourceCatalog.Pods.GroupResource)
        {
            Release(key);
            return null;
        }
        if (Store.Find(key) is not { IsTerminating: false } job)
            return null;
        if (Conditions.Is(job.Json, "Complete") || Conditions.Is(job.Json, "Failed"))
            return Expire(job);
        var pods = OwnedPods.Of(Core, job);
        var state = new JobState(job, pods);
        var again = state.Deadline(Core.Now, Core.Options);
        if (state.Failure(Core.Now, Core.Options) is { } failure)
            End(job, state, "Failed", failure.Reason, failure.Message);
        else if (state.IsComplete)
            End(job, state, "Complete", "CompletionsReached", "Reached expected number of succeeded pods");
        else if (job.Json.Flag("spec", "suspend") == true)
            Suspend(job, state);
        else
            Go(job, state);
        return again;
    }

    private void Go(StoredObject job, JobState state)
    {
        if (Conditions.Is(job.Json, "Suspended"))
            Core.Events.Normal(job, "job-controller", "Resumed", "Job resumed");
        Report(job, state, json =>
        {
            json.Ensure("status").Default("startTime", JsonReading.Stamp(Core.Now));
            if (Conditions.Is(json, "Suspended"))
                Conditions.Set(json, "Suspended", "False", "JobResumed", "Job resumed", Core.Now);
        });
        // A pod that is on its way out counts against the number, as its replacement waits for it.
        var missing = state.Wanted - state.Active.Count - (job.Json.Text("spec", "podReplacementPolicy") == "Failed" ? state.Terminating : 0);
        for (var i = 0; i < missing; i++)
            OwnedPods.Create(Core, job, "job-controller", null, pod => Mark(pod, job, state, i));
    }

    private static void Mark(JsonObject pod, StoredObject job, JobState state, int number)
    {
        var metadata = pod.Ensure("metadata");
        metadata["finalizers"] = new JsonArray(Tracking);
        if (job.Json.Text("spec", "completionMode") != "Indexed")
            return;
        var index = state.FreeIndexes().ElementAt(number).ToString(System.Globalization.CultureInfo.InvariantCulture);
        metadata.Ensure("annotations")["batch.kubernetes.io/job-completion-index"] = index;
        metadata.Ensure("labels")["batch.kubernetes.io/job-completion-index"] = index;
        metadata["generateName"] = $"{job.Name}-{index}-";
        foreach (var container in pod.Objects("spec", "containers"))
        {
            var env = container["env"] as JsonArray ?? [];
            container["env"] = env;
            env.Add(new JsonObject { ["name"] = "JOB_COMPLETION_INDEX", ["valueFrom"] = new JsonObject { ["fieldRef"] = new JsonObject { ["fieldPath"] = "metadata.labels['batch.kubernetes.io/job-completion-index']" } } });
        }
    }

    private void Suspend(StoredObject job, JobState state)
    {
        foreach (var pod in state.Active)
            OwnedPods.Delete(Core, job, pod, "job-controller");
        if (!Conditions.Is(job.Json, "Suspended"))
            Core.Events.Normal(job, "job-controller", "Suspended", "Job suspended");
        Report(job, state, json =>
        {
            json.Ensure("status").Remove("startTime");
            Conditions.Set(json, "Suspended", "True", "JobSuspended", "Job suspended", Core.Now);
        });
    }

    private void End(StoredObject job, JobState state, string type, string reason, string message)
    {
        foreach (var pod in state.Active)
            OwnedPods.Delete(Core, job, pod, "job-controller");
        var target = type == "Complete" ? "SuccessCriteriaMet" : "FailureTarget";
        var isOver = state.Active.Count == 0 && state.Terminating == 0;
        Report(job, state, json =>
        {
            Conditions.Set(json, target, "True", reason, message, Core.Now);
            if (!isOver)
                return;
            Conditions.Set(json, type, "True", reason, message, Core.Now);
            if (type == "Complete")
                json.Ensure("status")["completionTime"] = JsonReading.Stamp(Core.Now);
        });
        if (!isOver)
            return;
        if (type == "Complete")
            Core.Events.Normal(job, "job-controller", "Completed", "Job completed");
        else
            Core.Events.Warning(job, "job-controller", reason, message);
    }

    private void Report(StoredObject job, JobState state, Action<JsonObject> change)
    {
        foreach (var pod in state.Pods.Where(p => (OwnedPods.IsEnded(p) || p.IsTerminating) && p.Json.Texts("metadata", "finalizers").Contains(Tracking)))
            Untrack(pod);
        Core.Api.Change(ApiCall.By("kube-controller-manager", "status"), job, json =>
        {
            var status = json.Ensure("status");
            Count(status, "active", state.Active.Count);
            Count(status, "ready", state.Active.Count(OwnedPods.IsReady));
            Count(status, "terminating", state.Terminating);
            Count(status, "succeeded", state.Succeeded);
            Count(status, "failed", state.Failed);
            status["uncountedTerminatedPods"] = new JsonObject();
            change(json);
        });
    }

    private static void Count(JsonObject status, string name, long count)
    {
        if (count > 0 || name is "ready" or "terminating")
            status[name] = count;
        else
            status.Remove(name);
    }

    private void Untrack(StoredObject pod)
    {
        if (Store.Find(pod.Key) is null || (pod.IsTerminating && !OwnedPods.IsEnded(pod) && pod.Json.Text("spec", "nodeName") is { Length: > 0 }))
            return;
        Core.Api.Change(ApiCall.By("kube-controller-manager"), pod, json =>
        {
            var rest = json.Texts("metadata", "finalizers").Where(f => f != Tracking).ToList();
            json.Ensure("metadata").Remove("finalizers");
            if (rest.Count > 0)
                json.Ensure("metadata")["finalizers"] = new JsonArray([.. rest.Select(f => (JsonNode?)f)]);
        });
    }

    /// <summary>Lets a pod go whose Job is gone or going.</summary>
    private void Release(ObjectKey key)
    {
        if (Store.Find(key) is not { IsTerminating: true } pod || !pod.Json.Texts("metadata", "finalizers").Contains(Tracking))
            return;
        var job = pod.Owners.Where(o => o.Text("kind") == "Job").Select(o => Store.Find(ResourceCatalog.Jobs, pod.Namespace, o.Text("name")!)).FirstOrDefault();
        if (job is null || job.IsTerminating || job.Uid != pod.ControllerUid)
            Untrack(pod);
    }

    private TimeSpan? Expire(StoredObject job)
    {
        foreach (var pod in OwnedPods.Of(Core, job).Where(p => OwnedPods.IsEnded(p) && p.Json.Texts("metadata", "finalizers").Contains(Tracking)))
            Untrack(pod);
        if (job.Json.Number("spec", "ttlSecondsAfterFinished") is not { } seconds)
            return null;
        var ended = job.Json.Objects("status", "conditions").Where(c => c.Text("type") is "Complete" or "Failed").Select(c => c.Instant("lastTransitionTime")).Max() ?? Core.Now;
        var left = ended + Core.Options.Seconds(seconds) - Core.Now;
        if (left > TimeSpan.Zero)
            return left;
        Core.Api.Delete(ApiCall.By("kube-controller-manager"), ResourceCatalog.Jobs, job.Namespace, job.Name, new DeleteOptions { Propagation = "Background", Uid = job.Uid });
        return null;
    }
}
