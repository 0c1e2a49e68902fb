using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Programs;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Nodes;

/// <summary>A pod's volumes: waited for until what they name is there, and folders on this machine once a program asks where they are.</summary>
internal sealed class PodVolumes(PodRunner pod)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (string Folder, bool IsReadOnly)> _folders = [];

    private string Root => Path.Combine(pod.Options.DataFolder, "pods", pod.Uid);

    /// <summary>Waits for claims, secrets and config maps; false when the pod ends first.</summary>
    public async Task<bool> PrepareAsync()
    {
        foreach (var volume in pod.Stored.Json.Objects("spec", "volumes"))
        {
            while (Problem(volume) is { } problem)
            {
                if (pod.IsEnding)
                    return false;
                pod.Event("Warning", "FailedMount", $"MountVolume.SetUp failed for volume \"{volume.Text("name")}\" : {problem}");
                await pod.DelayAsync(pod.Options.RetryInterval);
            }
        }
        return !pod.IsEnding;
    }

    /// <summary>Where a container finds its volumes.</summary>
    public Dictionary<string, VolumeFolder> MountsOf(JsonObject container, IReadOnlyDictionary<string, string> environment)
    {
        lock (_gate)
        {
            if (_folders.Count == 0)
            {
                foreach (var volume in pod.Stored.Json.Objects("spec", "volumes"))
                    Lay(volume);
            }
        }
        var mounts = new Dictionary<string, VolumeFolder>();
        foreach (var mount in container.Objects("volumeMounts"))
        {
            if (!_folders.TryGetValue(mount.Text("name") ?? "", out var volume))
                continue;
            var inner = mount.Text("subPath") ?? (mount.Text("subPathExpr") is { } expression ? ContainerConfiguration.Expand(expression, environment) : "");
            var folder = Path.Combine(volume.Folder, inner);
            if (!Path.Exists(folder))
                Directory.CreateDirectory(folder);
            mounts[mount.Text("mountPath") ?? ""] = new VolumeFolder(folder, volume.IsReadOnly || mount.Flag("readOnly") == true);
        }
        return mounts;
    }

    /// <summary>Removes what lives as long as the pod.</summary>
    public void Remove()
    {
        if (Directory.Exists(Root))
            Directory.Delete(Root, recursive: true);
    }

    private string? Problem(JsonObject volume)
    {
        if (volume.Text("persistentVolumeClaim", "claimName") is { } claim)
            return pod.Core.Store.Find(ResourceCatalog.Claims, pod.Namespace, claim)?.Json.Text("status", "phase") == "Bound" ? null : $"persistentvolumeclaim \"{claim}\" not bound";
        if (volume.Text("secret", "secretName") is { } secret && volume.Flag("secret", "optional") != true && pod.Core.Store.Find(ResourceCatalog.Secrets, pod.Namespace, secret) is null)
            return $"secret \"{secret}\" not found";
        if (volume.Text("configMap", "name") is { } map && volume.Flag("configMap", "optional") != true && pod.Core.Store.Find(ResourceCatalog.ConfigMaps, pod.Namespace, map) is null)
            return $"configmap \"{map}\" not found";
        return null;
    }

    private void Lay(JsonObject volume)
    {
        var name = volume.Text("name") ?? "";
        if (volume.Text("persistentVolumeClaim", "claimName") is { } claim)
        {
            var bound = pod.Core.Store.Find(ResourceCatalog.Claims, pod.Namespace, claim)?.Json.Text("spec", "volumeName") ?? claim;
            _folders[name] = (Directory.CreateDirectory(Path.Combine(pod.Options.DataFolder, "volumes", bound)).FullName, volume.Flag("persistentVolumeClaim", "readOnly") == true);
            return;
        }
        var folder = Directory.CreateDirectory(Path.Combine(Root, name)).FullName;
        _folders[name] = (folder, volume.At("emptyDir") is null);
        Fill(folder, volume.At("secret"), volume.Text("secret", "secretName"), isSecret: true);
        Fill(folder, volume.At("configMap"), volume.Text("configMap", "name"), isSecret: false);
        foreach (var source in volume.Objects("projected", "sources"))
        {
            Fill(folder, source.At("secret"), source.Text("secret", "name"), isSecret: true);
            Fill(folder, source.At("configMap"), source.Text("configMap", "name"), isSecret: false);
            if (source.Text("serviceAccountToken", "path") is { } token)
                File.WriteAllText(Path.Combine(folder, token), pod.Core.Users.TokenOf(new Access.ClusterUser($"system:serviceaccount:{pod.Namespace}:{pod.Stored.Json.Text("spec", "serviceAccountName")}", ["system:serviceaccounts", $"system:serviceaccounts:{pod.Namespace}", "system:authenticated"])));
        }
    }

    private void Fill(string folder, JsonNode? source, string? name, bool isSecret)
    {
        if (source is null || name is null || pod.Core.Store.Find(isSecret ? ResourceCatalog.Secrets : ResourceCatalog.ConfigMaps, pod.Namespace, name) is not { } stored)
            return;
        var items = source.Objects("items").ToDictionary(i => i.Text("key") ?? "", i => i.Text("path") ?? "");
        var data = stored.Json.TextMap("data").Select(d => (d.Key, Bytes: isSecret ? Convert.FromBase64String(d.Value) : System.Text.Encoding.UTF8.GetBytes(d.Value)))
            .Concat(stored.Json.TextMap("binaryData").Select(d => (d.Key, Bytes: Convert.FromBase64String(d.Value))));
        foreach (var (key, bytes) in data)
        {
            if (items.Count > 0 && !items.ContainsKey(key))
                continue;
            var path = Path.Combine(folder, items.GetValueOrDefault(key, key));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, bytes);
            if (!OperatingSystem.IsWindows() && source.Number("defaultMode") is { } mode)
                File.SetUnixFileMode(path, (UnixFileMode)mode | UnixFileMode.UserRead);
        }
    }
}
