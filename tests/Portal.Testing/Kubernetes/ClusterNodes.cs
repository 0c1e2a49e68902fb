using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Controllers;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Nodes;
using Portal.Testing.Kubernetes.Programs;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes;

/// <summary>The cluster's machines, and what befalls them and the pods on them.</summary>
public sealed class ClusterNodes
{
    private readonly ClusterCore _core;
    private readonly NodeAgent _agent;

    internal ClusterNodes(ClusterCore core, NodeAgent agent)
    {
        _core = core;
        _agent = agent;
    }

    /// <summary>Adds a machine.</summary>
    /// <param name="labels">Further labels; host name, system and architecture are there anyway.</param>
    /// <param name="capacity">Amounts such as <c>cpu=8</c>, <c>memory=32Gi</c>, <c>nvidia.com/gpu=1</c>; what is left out is 8, 32Gi and none. 110 pods.</param>
    /// <param name="taints">As <c>key=value:Effect</c>.</param>
    public void Add(string name, IReadOnlyDictionary<string, string>? labels = null, IReadOnlyDictionary<string, string>? capacity = null, params IReadOnlyList<string> taints)
    {
        var amounts = new Dictionary<string, string> { ["cpu"] = "8", ["memory"] = "32Gi", ["ephemeral-storage"] = "100Gi", ["pods"] = "110" };
        foreach (var (resource, amount) in capacity ?? new Dictionary<string, string>())
            amounts[resource] = Quantity.Canonical(amount);
        var all = new Dictionary<string, string> { ["kubernetes.io/hostname"] = name, ["kubernetes.io/os"] = "linux", ["kubernetes.io/arch"] = "amd64" };
        foreach (var (key, value) in labels ?? new Dictionary<string, string>())
            all[key] = value;
        var node = new JsonObject
        {
            ["kind"] = "Node",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = Map(all) },
            ["spec"] = new JsonObject { ["providerID"] = $"test:///{name}", ["taints"] = new JsonArray([.. taints.Select(t => (JsonNode)Taint(t))]) },
        };
        if (taints.Count == 0)
            node.Ensure("spec").Remove("taints");
        var stored = _core.Api.Create(ApiCall.By("kubelet"), ResourceCatalog.Nodes, null, node);
        _core.Api.Change(ApiCall.By("kubelet", "status"), stored, json =>
        {
            json["status"] = new JsonObject
            {
                ["capacity"] = Map(amounts),
                ["allocatable"] = Map(amounts),
                ["addresses"] = new JsonArray(new JsonObject { ["type"] = "InternalIP", ["address"] = _agent.HostAddress(name) }, new JsonObject { ["type"] = "Hostname", ["address"] = name }),
                ["nodeInfo"] = new JsonObject { ["kubeletVersion"] = _core.Options.Version, ["operatingSystem"] = "linux", ["architecture"] = "amd64", ["containerRuntimeVersion"] = "containerd://1.7.24", ["kernelVersion"] = "6.1.0", ["osImage"] = "Debian GNU/Linux 12 (bookworm)", ["machineID"] = name, ["systemUUID"] = name, ["bootID"] = name, ["kubeProxyVersion"] = "" },
            };
            Conditions.Set(json, "Ready", "True", "KubeletReady", "kubelet is posting ready status", _core.Now);
        });
    }

    /// <summary>The node stops answering: not ready, its pods are deleted after they have borne it, and stay until the node is back or removed.</summary>
    public void Lose(string name)
    {
        _agent.Lose(name);
        SetReady(name, "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.");
        foreach (var pod in PodsOn(name).Where(p => !OwnedPods.IsEnded(p)))
            _core.Api.Change(ApiCall.By("kube-controller-manager", "status"), pod, json => Conditions.Set(json, "Ready", "False", null, null, _core.Now));
        AddTaint(name, "node.kubernetes.io/unreachable:NoSchedule", "node.kubernetes.io/unreachable:NoExecute");
        _core.Events.Normal(Node(name), "node-controller", "NodeNotReady", $"Node {name} status is now: NodeNotReady");
    }

    /// <summary>A lost node answers again.</summary>
    public void Recover(string name)
    {
        SetReady(name, "True", "KubeletReady", "kubelet is posting ready status");
        RemoveTaint(name, "node.kubernetes.io/unreachable");
        _agent.Recover(name);
    }

    /// <summary>Removes the machine at once; its pods are gone.</summary>
    public void Remove(string name)
    {
        _core.Api.Delete(ApiCall.By("cloud-controller-manager"), ResourceCatalog.Nodes, null, name, new DeleteOptions());
        _agent.Lose(name);
    }

    /// <summary>The provider takes a spot machine back: tainted, its pods are asked to end, and after the notice the machine is gone.</summary>
    public async Task ReclaimAsync(string name, TimeSpan notice)
    {
        AddTaint(name, "karpenter.sh/disrupted:NoSchedule");
        _core.Events.Warning(Node(name), "karpenter", "SpotInterrupted", "Spot interruption warning was triggered");
        foreach (var pod in PodsOn(name).Where(OwnedPods.IsActive))
        {
            Evictions.Disrupt(_core, pod, "EvictionByEvictionAPI", "Eviction API: evicting");
            _core.Api.Delete(ApiCall.By("karpenter"), ResourceCatalog.Pods, pod.Namespace, pod.Name, new DeleteOptions { Uid = pod.Uid });
        }
        await Task.Delay(notice);
        Remove(name);
    }

    /// <summary>Cordons the node and evicts its pods as far as their budgets let them go.</summary>
    public void Drain(string name)
    {
        _core.Api.Change(ApiCall.By("kubectl-drain"), Node(name), json => json.Ensure("spec")["unschedulable"] = true);
        AddTaint(name, "node.kubernetes.io/unschedulable:NoSchedule");
        foreach (var pod in PodsOn(name).Where(OwnedPods.IsActive))
        {
            try
            {
                Evictions.Evict(_core, ApiCall.By("kubectl-drain"), pod, null);
            }
            catch (ApiException refusal) when (refusal.Code == 429)
            {
                // Its budget does not let it go now; it stays on the cordoned node.
            }
        }
    }

    /// <summary>Lets a drained node take pods again.</summary>
    public void Uncordon(string name)
    {
        _core.Api.Change(ApiCall.By("kubectl-uncordon"), Node(name), json => json.Ensure("spec").Remove("unschedulable"));
        RemoveTaint(name, "node.kubernetes.io/unschedulable");
    }

    /// <summary>The node puts a pod out because it is short of something.</summary>
    public Task EvictPodAsync(string @namespace, string pod, string message = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 52Mi. ") => Runner(@namespace, pod).EvictAsync(message);

    /// <summary>Ends the container that runs as if it had ended so by itself.</summary>
    public void EndContainer(string @namespace, string pod, ProgramEnd end, string? container = null) =>
        (Runner(@namespace, pod).Containers.FirstOrDefault(c => container is null || c.Name == container) ?? throw new InvalidOperationException($"Pod {pod} has no container {container}.")).EndWith(end);

    /// <summary>The container has used more memory than it may.</summary>
    public void OutOfMemory(string @namespace, string pod, string? container = null) => EndContainer(@namespace, pod, new ProgramEnd(137, "OOMKilled"), container);

    /// <summary>Adds taints, as <c>key=value:Effect</c>.</summary>
    public void AddTaint(string node, params string[] taints) => _core.Api.Change(ApiCall.By("kube-controller-manager"), Node(node), json =>
    {
        var list = json.Ensure("spec")["taints"] as JsonArray ?? [];
        json["spec"]!["taints"] = list;
        foreach (var taint in taints.Select(Taint).Where(t => !list.Any(l => l.Text("key") == t.Text("key") && l.Text("effect") == t.Text("effect"))))
            list.Add(taint);
    });

    /// <summary>Removes the taints with a key.</summary>
    public void RemoveTaint(string node, string key) => _core.Api.Change(ApiCall.By("kube-controller-manager"), Node(node), json =>
    {
        var left = json.Objects("spec", "taints").Where(t => t.Text("key") != key).Select(t => (JsonNode?)t.DeepClone()).ToArray();
        json.Ensure("spec").Remove("taints");
        if (left.Length > 0)
            json.Ensure("spec")["taints"] = new JsonArray(left);
    });

    private StoredObject Node(string name) => _core.Api.Get(ResourceCatalog.Nodes, null, name);

    private IEnumerable<StoredObject> PodsOn(string name) => _core.Store.List(ResourceCatalog.Pods).Where(p => p.Json.Text("spec", "nodeName") == name);

    private PodRunner Runner(string @namespace, string pod) => _agent.Find(@namespace, pod) ?? throw new InvalidOperationException($"Pod {@namespace}/{pod} does not run.");

    private void SetReady(string name, string status, string reason, string message) => _core.Api.Change(ApiCall.By("kube-controller-manager", "status"), Node(name), json => Conditions.Set(json, "Ready", status, reason, message, _core.Now));

    private JsonObject Taint(string text)
    {
        var (left, effect) = (text[..text.LastIndexOf(':')], text[(text.LastIndexOf(':') + 1)..]);
        var taint = new JsonObject { ["key"] = left.Split('=')[0], ["effect"] = effect };
        if (left.Contains('='))
            taint["value"] = left[(left.IndexOf('=') + 1)..];
        if (effect == "NoExecute")
            taint["timeAdded"] = JsonReading.Stamp(_core.Now);
        return taint;
    }

    private static JsonObject Map(IReadOnlyDictionary<string, string> map) => new([.. map.Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value))]);
}
