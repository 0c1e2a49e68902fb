using Microsoft.AspNetCore.Http;
using Portal.Testing.Kubernetes.Access;

namespace Portal.Testing.Kubernetes.Http;

/// <summary>What a request's address means.</summary>
internal sealed record RequestInfo
{
    public string Verb { get; init; } = "";

    /// <summary>False for discovery, health and the like.</summary>
    public bool IsResource { get; init; }

    public string Group { get; init; } = "";

    public string Version { get; init; } = "";

    public string Resource { get; init; } = "";

    public string Subresource { get; init; } = "";

    public string? Namespace { get; init; }

    public string Name { get; init; } = "";

    /// <summary>What follows a <c>proxy</c> subresource, escaped.</summary>
    public string Rest { get; init; } = "";

    public string Path { get; init; } = "";

    public AccessRequest ToAccess() => IsResource ? new AccessRequest(Verb, Group, Resource, Subresource, Namespace, Name) : new AccessRequest(Verb, "", "", "", null, "", Path);

    /// <summary>Reads method, path and the <c>watch</c> parameter.</summary>
    public static RequestInfo Of(HttpRequest request)
    {
        var path = request.Path.Value ?? "/";
        var method = request.Method.ToLowerInvariant();
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 3 || parts[0] is not ("api" or "apis") || (parts[0] == "apis" && parts.Length < 4))
            return new RequestInfo { Verb = method is "head" ? "get" : method, Path = path };
        var (group, version, rest) = parts[0] == "api" ? ("", parts[1], parts[2..]) : (parts[1], parts[2], parts[3..]);
        string? place = null;
        // namespaces/x/pods is in a namespace; namespaces/x, namespaces/x/status and namespaces/x/finalize are the namespace itself.
        if (rest[0] == "namespaces" && rest.Length > 2 && rest[2] is not ("status" or "finalize"))
        {
            place = rest[1];
            rest = rest[2..];
        }
        else if (rest[0] == "namespaces" && rest.Length > 1)
        {
            place = rest[1];
        }
        var name = rest.Length > 1 ? rest[1] : "";
        var subresource = rest.Length > 2 ? rest[2] : "";
        return new RequestInfo
        {
            IsResource = true,
            Path = path,
            Verb = VerbOf(method, name, subresource, request.Query),
            Group = group,
            Version = version,
            Resource = rest[0],
            Namespace = place,
            Name = name,
            Subresource = subresource,
            Rest = subresource == "proxy" ? RestOf(path) : "",
        };
    }

    /// <summary>What follows the proxy in the path. As on the real server it is unescaped and escaped anew, so that an escaped slash becomes a slash.</summary>
    private static string RestOf(string path)
    {
        var rest = path.IndexOf("/proxy/", StringComparison.Ordinal) is var at and > 0 ? path[(at + 6)..] : "/";
        return new PathString(rest.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase)).ToUriComponent()[1..];
    }

    private static string VerbOf(string method, string name, string subresource, IQueryCollection query) => method switch
    {
        "get" or "head" when name.Length > 0 && !(IsWatch(query) && subresource.Length == 0) => "get",
        "get" or "head" => IsWatch(query) ? "watch" : "list",
        "post" => "create",
        "put" => "update",
        "patch" => "patch",
        "delete" => name.Length > 0 ? "delete" : "deletecollection",
        _ => method,
    };

    private static bool IsWatch(IQueryCollection query) => query["watch"].ToString() is "1" or "true" or "True";
}
