using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Schema;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Api;

/// <summary>Turns a body into an object of its kind, with what the server says of unknown and duplicate fields.</summary>
internal static class ObjectDecoder
{
    /// <summary>The body of a create or an update.</summary>
    public static JsonObject Decode(ApiCall call, ResourceType type, JsonNode? body, List<string> duplicates)
    {
        if (body is not JsonObject given)
            throw ApiException.BadRequest("couldn't get version/kind; json parse error: the body is no object");
        if (given.Text("kind") is null or "")
            given["kind"] = type.Kind;
        if (given.Text("apiVersion") is null or "")
            given["apiVersion"] = type.ApiVersion;
        if (given.Text("kind") != type.Kind)
            throw ApiException.BadRequest($"{given.Text("kind")} in version \"{given.Text("apiVersion")!.Split('/')[^1]}\" cannot be handled as a {type.Kind}: converting to the kind is not possible");
        if (given.Text("apiVersion") != type.ApiVersion)
            throw ApiException.BadRequest($"the API version in the data ({given.Text("apiVersion")}) does not match the expected API version ({type.ApiVersion})");
        var decoding = new Decoding(type.Kind);
        var decoded = decoding.Decode(given, type.Schema);
        var prefix = $"{type.Kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: ";
        if (decoding.TypeProblem is not null)
            throw type.IsCustom ? CustomTypeProblem(call, type, given, decoding.TypeProblem) : ApiException.BadRequest(prefix + decoding.TypeProblem);
        Judge(call, decoding.Unknown, duplicates, problems => ApiException.BadRequest(type.IsCustom ? $"strict decoding error: {problems}" : $"{prefix}strict decoding error: {problems}"));
        return Ordered(decoded, type);
    }

    /// <summary>An object that a patch has made.</summary>
    public static JsonObject DecodePatched(ApiCall call, ResourceType type, JsonObject patched, List<string> duplicates)
    {
        var decoding = new Decoding(type.Kind);
        var decoded = decoding.Decode(patched, type.Schema);
        if (decoding.TypeProblem is not null)
            throw type.IsCustom ? CustomTypeProblem(call, type, patched, decoding.TypeProblem) : ApiException.BadRequest(decoding.TypeProblem);
        Judge(call, decoding.Unknown, duplicates, problems => ApiException.Invalid("", "", "", [FieldProblem.Invalid("patch", JsonReading.Compact(patched), $"strict decoding error: {problems}")]));
        return Ordered(decoded, type);
    }

    /// <summary>What apply has made; its shape has been checked already.</summary>
    public static JsonObject DecodeApplied(ResourceType type, JsonObject applied)
    {
        var decoding = new Decoding(type.Kind);
        var decoded = decoding.Decode(applied, type.Schema);
        if (decoding.TypeProblem is not null)
            throw ApiException.Unclassified($"failed to convert new object ({applied.Text("metadata", "namespace")}/{applied.Text("metadata", "name")}; {type.Group}/{type.Version}, Kind={type.Kind}) to proper version ({type.ApiVersion}): {decoding.TypeProblem}");
        return Ordered(decoded, type);
    }

    private static void Judge(ApiCall call, List<string> unknown, List<string> duplicates, Func<string, ApiException> refusal)
    {
        if (call.FieldValidation == "Ignore" || unknown.Count + duplicates.Count == 0)
            return;
        string[] problems = [.. duplicates.Select(path => $"duplicate field \"{path}\""), .. unknown.Select(path => $"unknown field \"{path}\"")];
        if (call.FieldValidation == "Strict")
            throw refusal(string.Join(", ", problems));
        call.Warnings.AddRange(problems);
    }

    private static ApiException CustomTypeProblem(ApiCall call, ResourceType type, JsonObject given, string problem)
    {
        _ = call;
        var field = problem.Split(" field ")[^1].Split(" of type ")[0].Split('.', 2)[^1];
        var kind = problem.Split(" of type ")[^1];
        return ApiException.Invalid(type.Group, type.Kind, given.Text("metadata", "name") ?? "", [FieldProblem.TypeInvalid(field, given.At(field.Split('.'))?.GetValueKind().ToString().ToLowerInvariant(), $"{field} in body must be of type {kind}: \"{given.At(field.Split('.'))?.GetValueKind().ToString().ToLowerInvariant()}\"")]);
    }

    /// <summary>Kind and version first, as the server writes them.</summary>
    private static JsonObject Ordered(JsonObject decoded, ResourceType type)
    {
        decoded.Remove("kind");
        decoded.Remove("apiVersion");
        decoded.Insert(0, "kind", type.Kind);
        decoded.Insert(1, "apiVersion", type.ApiVersion);
        decoded.Ensure("metadata");
        return decoded;
    }
}
