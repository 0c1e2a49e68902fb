using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Controllers;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Nodes;

/// <summary>The parts of a pod's status that its node writes.</summary>
internal static class PodStatus
{
    public static JsonObject Of(ContainerRunner container)
    {
        var status = new JsonObject
        {
            ["name"] = container.Name,
            ["state"] = container.State.Copy(),
            ["lastState"] = container.LastState.Copy(),
            ["ready"] = container.IsReady,
            ["restartCount"] = (long)container.Restarts,
            ["image"] = container.Image,
            ["imageID"] = container.ContainerId.Length > 0 ? $"docker.io/library/{container.Image}@sha256:{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(container.Image)))}" : "",
            ["started"] = container.IsStarted && container.State.At("running") is not null,
        };
        if (container.ContainerId.Length > 0)
            status["containerID"] = container.ContainerId;
        return status;
    }

    public static void Conditions(JsonObject json, PodRunner pod, string phase, bool isInitialized)
    {
        void Set(string type, bool holds, string? reason = null, string? message = null) => Controllers.Conditions.Set(json, type, holds ? "True" : "False", holds && reason != "PodCompleted" ? null : reason, holds && reason != "PodCompleted" ? null : message, pod.Core.Now);
        var unready = pod.Containers.Where(c => !c.IsReady).Select(c => c.Name).ToList();
        var (reason, message) = phase switch
        {
            "Succeeded" => ("PodCompleted", null),
            "Failed" => ("PodFailed", null),
            _ => ("ContainersNotReady", (string?)$"containers with unready status: [{string.Join(' ', unready)}]"),
        };
        var isReady = unready.Count == 0 && phase == "Running";
        Set("PodReadyToStartContainers", phase is "Running");
        Set("Initialized", isInitialized, phase == "Succeeded" ? "PodCompleted" : "ContainersNotInitialized", phase == "Succeeded" ? null : $"containers with incomplete status: [{string.Join(' ', pod.Init.Where(i => i.ExitCode != 0).Select(i => i.Name))}]");
        Set("Ready", isReady, reason, message);
        Set("ContainersReady", isReady, reason, message);
        Controllers.Conditions.Set(json, "PodScheduled", "True", null, null, pod.Core.Now);
    }
}
