using System.Text.Json.Nodes;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>Everything in an object by which it could get at another one, wherever it stands in the object.</summary>
internal static class References
{
    /// <summary>Fields that hold the name of another object, or hold an object whose <c>name</c> does.</summary>
    private static readonly HashSet<string> Names = ["secretName", "claimName", "serviceName"], Holders = ["secretRef", "secretKeyRef", "secret", "configMap", "configMapRef", "configMapKeyRef", "volumeClaimTemplates", "imagePullSecrets"];

    /// <summary>Ways to the node, to volumes of the whole cluster, or to other pods.</summary>
    private static readonly HashSet<string> Forbidden =
        ["hostPath", "nfs", "csi", "iscsi", "cephfs", "glusterfs", "rbd", "ephemeral", "hostPort", "hostIP", "hostAliases", "nodeName", "externalIPs", "externalName", "dataSource", "dataSourceRef", "ownerReferences", "subPathExpr", "privileged", "volumeName", "shareFrom"];

    /// <summary>Kind (<c>names</c>, <c>namespace</c> or <c>forbidden</c>) and value of each.</summary>
    public static IEnumerable<(string Kind, string Value)> Of(JsonNode node, string within = "") => node switch
    {
        JsonArray array => array.OfType<JsonNode>().SelectMany(n => Of(n, within)),
        // What people typed stands there and is read by nobody.
        JsonObject fields => fields.Where(f => f.Value is not null && f.Key is not ("data" or "annotations" or "labels")).SelectMany(f => Field(f.Key, f.Value!, within)),
        _ => [],
    };

    private static IEnumerable<(string Kind, string Value)> Field(string key, JsonNode value, string within)
    {
        if (Forbidden.Contains(key)) yield return ("forbidden", key);
        if (key is "namespace" or "namespaces") yield return ("namespace", value.ToJsonString().Trim('"'));
        if (Names.Contains(key) || (key == "name" && Holders.Contains(within))) yield return ("names", value.GetValue<string>());
        foreach (var inner in Of(value, key)) yield return inner;
    }
}
