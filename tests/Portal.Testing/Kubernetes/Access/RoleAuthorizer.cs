using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Access;

/// <summary>What somebody wants to do. Of a path that is no resource only verb and path are set.</summary>
internal sealed record AccessRequest(string Verb, string Group, string Resource, string Subresource, string? Namespace, string Name, string? Path = null)
{
    public string FullResource => Subresource.Length == 0 ? Resource : $"{Resource}/{Subresource}";

    /// <summary>The refusal in the server's words, after <c>is forbidden: </c>.</summary>
    public string Refusal(ClusterUser user) => Path is not null
        ? $"User \"{user.Name}\" cannot {Verb} path \"{Path}\""
        : $"User \"{user.Name}\" cannot {Verb} resource \"{FullResource}\" in API group \"{Group}\" {(Namespace is null ? "at the cluster scope" : $"in the namespace \"{Namespace}\"")}";
}

/// <summary>Decides from the stored roles and bindings.</summary>
internal sealed class RoleAuthorizer(ObjectStore store)
{
    public bool Allows(ClusterUser user, AccessRequest request)
    {
        if (user.IsMaster)
            return true;
        foreach (var rule in RulesOf(user, request.Namespace))
        {
            if (request.Path is null ? AllowsResource(rule, request) : AllowsPath(rule, request))
                return true;
        }
        return false;
    }

    private IEnumerable<JsonObject> RulesOf(ClusterUser user, string? @namespace)
    {
        var bindings = store.List(ResourceCatalog.ClusterRoleBindings).Concat(@namespace is null ? [] : store.List(ResourceCatalog.RoleBindings, @namespace));
        foreach (var binding in bindings)
        {
            if (!binding.Json.Objects("subjects").Any(s => IsSubject(user, s, binding.Namespace)))
                continue;
            var name = binding.Json.Text("roleRef", "name") ?? "";
            var role = binding.Json.Text("roleRef", "kind") == "Role" ? store.Find(ResourceCatalog.Roles, binding.Namespace, name) : store.Find(ResourceCatalog.ClusterRoles, null, name);
            foreach (var rule in role?.Json.Objects("rules") ?? [])
                yield return rule;
        }
    }

    private static bool IsSubject(ClusterUser user, JsonObject subject, string? @namespace) => subject.Text("kind") switch
    {
        "User" => subject.Text("name") == user.Name,
        "Group" => user.Groups.Contains(subject.Text("name") ?? ""),
        "ServiceAccount" => $"system:serviceaccount:{subject.Text("namespace") ?? @namespace}:{subject.Text("name")}" == user.Name,
        _ => false,
    };

    private static bool AllowsResource(JsonObject rule, AccessRequest request) =>
        Has(rule.Texts("verbs"), request.Verb)
        && Has(rule.Texts("apiGroups"), request.Group)
        && rule.Texts("resources").Any(r => r == "*" || r == request.FullResource || (request.Subresource.Length > 0 && r == $"*/{request.Subresource}"))
        && (rule.Texts("resourceNames") is var names && (names.Count == 0 || names.Contains(request.Name)));

    private static bool AllowsPath(JsonObject rule, AccessRequest request) =>
        Has(rule.Texts("verbs"), request.Verb) && rule.Texts("nonResourceURLs").Any(u => u == "*" || u == request.Path || (u.EndsWith('*') && request.Path!.StartsWith(u[..^1], StringComparison.Ordinal)));

    private static bool Has(IReadOnlyList<string> given, string wanted) => given.Contains("*") || given.Contains(wanted);
}
