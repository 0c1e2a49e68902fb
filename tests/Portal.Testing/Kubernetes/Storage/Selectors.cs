using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Storage;

/// <summary>A label selector: all its requirements hold.</summary>
internal sealed partial class LabelSelector
{
    private readonly List<Func<IReadOnlyDictionary<string, string>, bool>> _requirements = [];

    /// <summary>Does it let everything through?</summary>
    public bool IsEmpty => _requirements.Count == 0;

    public bool Matches(IReadOnlyDictionary<string, string> labels)
    {
        foreach (var requirement in _requirements)
        {
            if (!requirement(labels))
                return false;
        }
        return true;
    }

    /// <summary>As in a query: <c>a=b,c!=d,e in (f,g),h,!i</c>.</summary>
    public static LabelSelector Parse(string? text)
    {
        var selector = new LabelSelector();
        if (string.IsNullOrEmpty(text))
            return selector;
        foreach (var part in Split().Split(text))
        {
            if (part.Trim().Length == 0)
                continue;
            if (Requirement().Match(part) is not { Success: true } match)
                throw ApiException.BadRequest($"unable to parse requirement: found '{part.Trim()}', expected: in, notin, =, ==, !=, gt, lt");
            var values = match.Groups["set"].Success ? match.Groups["set"].Value.Split(',', StringSplitOptions.TrimEntries) : [match.Groups["value"].Value.Trim()];
            var (key, op) = (match.Groups["key"].Value, match.Groups["not"].Success ? "!" : match.Groups["op"].Success ? match.Groups["op"].Value : match.Groups["word"].Success ? match.Groups["word"].Value : "exists");
            Check(key, values);
            selector.Add(key, op switch { "=" or "==" or "in" => "In", "!=" or "notin" => "NotIn", "!" => "DoesNotExist", _ => "Exists" }, values);
        }
        return selector;
    }

    /// <summary>As in an object: <c>matchLabels</c> and <c>matchExpressions</c>. Nothing selects nothing; an empty selector selects everything.</summary>
    public static LabelSelector? Of(JsonNode? node)
    {
        if (node is not JsonObject)
            return null;
        var selector = new LabelSelector();
        foreach (var (key, value) in node.TextMap("matchLabels"))
            selector.Add(key, "In", [value]);
        foreach (var expression in node.Objects("matchExpressions"))
            selector.Add(expression.Text("key") ?? "", expression.Text("operator") ?? "", expression.Texts("values"));
        return selector;
    }

    /// <summary>As in a service: a map of labels.</summary>
    public static LabelSelector OfMap(IReadOnlyDictionary<string, string> map)
    {
        var selector = new LabelSelector();
        foreach (var (key, value) in map)
            selector.Add(key, "In", [value]);
        return selector;
    }

    public void Add(string key, string op, IReadOnlyList<string> values) => _requirements.Add(op switch
    {
        "In" => labels => labels.TryGetValue(key, out var value) && values.Contains(value),
        "NotIn" => labels => !labels.TryGetValue(key, out var value) || !values.Contains(value),
        "Exists" => labels => labels.ContainsKey(key),
        "DoesNotExist" => labels => !labels.ContainsKey(key),
        "Gt" => labels => labels.TryGetValue(key, out var value) && long.TryParse(value, out var number) && number > long.Parse(values[0]),
        "Lt" => labels => labels.TryGetValue(key, out var value) && long.TryParse(value, out var number) && number < long.Parse(values[0]),
        _ => _ => false,
    });

    private static void Check(string key, string[] values)
    {
        if (Validation.Names.LabelKeyProblem(key) is { } problem)
            throw ApiException.BadRequest($"unable to parse requirement: <nil>: Invalid value: \"{key}\": {problem}");
        foreach (var value in values)
        {
            if (Validation.Names.LabelValueProblem(value) is { } wrong)
                throw ApiException.BadRequest($"unable to parse requirement: values[0][{key}]: Invalid value: \"{value}\": {wrong}");
        }
    }

    [GeneratedRegex(@",(?![^(]*\))")]
    private static partial Regex Split();

    [GeneratedRegex(@"^\s*(?:(?<not>!)\s*(?<key>[^\s=!,()]+)|(?<key>[^\s=!,()]+)(?:\s*(?<op>==|=|!=)\s*(?<value>[^\s=!,()]*)|\s+(?<word>in|notin)\s*\((?<set>[^()]*)\))?)\s*$")]
    private static partial Regex Requirement();
}

/// <summary>A field selector: equalities on the few fields that can be asked for.</summary>
internal sealed class FieldSelector
{
    private readonly List<(string Field, string Value, bool Equal)> _terms = [];

    public bool IsEmpty => _terms.Count == 0;

    public static FieldSelector Parse(ResourceType type, string? text)
    {
        var selector = new FieldSelector();
        foreach (var term in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var split = term.IndexOf('=', StringComparison.Ordinal);
            if (split < 1)
                throw ApiException.BadRequest($"invalid selector: '{text}'; can't understand '{term}'");
            var equal = term[split - 1] != '!';
            var field = term[..(equal ? split : split - 1)];
            if (!Supported(type, field))
                throw ApiException.BadRequest($"field label not supported: {field}");
            selector._terms.Add((field, term[(split + 1)..].TrimStart('='), equal));
        }
        return selector;
    }

    public bool Matches(StoredObject stored)
    {
        foreach (var (field, value, equal) in _terms)
        {
            if ((Read(stored.Json, field) == value) != equal)
                return false;
        }
        return true;
    }

    /// <summary>The one name that is asked for, or null.</summary>
    public string? Name => _terms.Find(t => t.Field == "metadata.name" && t.Equal).Value;

    private static string Read(JsonObject json, string field)
    {
        var value = json.At(field.Split('.')) ?? (field is "source" ? json.At("source", "component") : null);
        return value is null ? "" : value.Text() ?? value.ToJsonString();
    }

    private static bool Supported(ResourceType type, string field) => field is "metadata.name" || (field == "metadata.namespace" && type.Namespaced) || type.GroupResource switch
    {
        "pods" => field is "spec.nodeName" or "spec.restartPolicy" or "spec.schedulerName" or "spec.serviceAccountName" or "spec.hostNetwork" or "status.phase" or "status.podIP" or "status.nominatedNodeName",
        "events" => field is "involvedObject.kind" or "involvedObject.namespace" or "involvedObject.name" or "involvedObject.uid" or "involvedObject.apiVersion" or "involvedObject.resourceVersion" or "involvedObject.fieldPath" or "reason" or "reportingComponent" or "source" or "type",
        "events.events.k8s.io" => field is "regarding.kind" or "regarding.namespace" or "regarding.name" or "regarding.uid" or "reason" or "reportingController" or "type",
        "secrets" => field == "type",
        "namespaces" => field == "status.phase",
        "nodes" => field == "spec.unschedulable",
        "jobs.batch" => field == "status.successful",
        "services" => field is "spec.clusterIP" or "spec.type",
        _ => false,
    };
}
