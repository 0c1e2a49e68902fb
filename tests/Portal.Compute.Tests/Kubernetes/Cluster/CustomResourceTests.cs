using System.Net;
using System.Text.Json.Nodes;
using AwesomeAssertions;

namespace Portal.Compute.Tests.Kubernetes.Cluster;

/// <summary>Kinds that definitions add.</summary>
public sealed class CustomResourceTests(ClusterFixture cluster)
{
    private readonly string _group = $"g{Guid.NewGuid():N}"[..12] + ".example.com";

    private async Task<string> DefineAsync()
    {
        var definition = Objects.Parse("""
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"trains.GROUP"},"spec":{"group":"GROUP","scope":"Namespaced","names":{"plural":"trains","kind":"Train"},
             "versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{}},"schema":{"openAPIV3Schema":{"type":"object","properties":{
               "spec":{"type":"object","required":["nodes"],"properties":{"nodes":{"type":"integer","minimum":1},"mode":{"type":"string","enum":["fast","slow"],"default":"fast"},
                 "steps":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"run":{"type":"string"}}}}}},
               "status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}]}}
            """.Replace("GROUP", _group, StringComparison.Ordinal));
        (await cluster.SendAsync(HttpMethod.Post, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)).Code.Should().Be(HttpStatusCode.Created);
        await Eventually.BecomesTrueAsync(async () => (await cluster.SendAsync(HttpMethod.Get, $"/apis/{_group}/v1")).Code == HttpStatusCode.OK);
        return $"/apis/{_group}/v1/namespaces/{await cluster.NamespaceAsync()}/trains";
    }

    private JsonObject Train(string spec) => Objects.Parse("""{"kind":"Train","metadata":{"name":"t"}}""").With("apiVersion", $"\"{_group}/v1\"").With("spec", spec);

    [Fact]
    public async Task Definition_ServesItsKindUntilItIsDeleted()
    {
        var path = await DefineAsync();
        var (code, made, _) = await cluster.SendAsync(HttpMethod.Post, path, Train("""{"nodes":2}"""));
        code.Should().Be(HttpStatusCode.Created, made.ToJsonString());
        ((string)made["spec"]!["mode"]!).Should().Be("fast");
        ((int)made["metadata"]!["generation"]!).Should().Be(1);
        var (_, status, _) = await cluster.SendAsync(HttpMethod.Patch, path + "/t/status", """{"status":{"phase":"Going"},"spec":{"nodes":9}}""", "application/merge-patch+json");
        ((string)status["status"]!["phase"]!).Should().Be("Going");
        ((int)status["spec"]!["nodes"]!).Should().Be(2, "status alone is written there");
        ((int)status["metadata"]!["generation"]!).Should().Be(1);
        await cluster.SendAsync(HttpMethod.Delete, $"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/trains.{_group}");
        await Eventually.BecomesTrueAsync(async () => (await cluster.SendAsync(HttpMethod.Get, path)).Code == HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Instances_AreCheckedAgainstTheSchema()
    {
        var path = await DefineAsync();
        async Task<(HttpStatusCode Code, string Message)> TryAsync(string spec)
        {
            var (code, body, _) = await cluster.SendAsync(HttpMethod.Post, path + "?fieldValidation=Strict&dryRun=All", Train(spec));
            return (code, (string?)body["message"] ?? "");
        }
        (await TryAsync("{}")).Should().Be((HttpStatusCode.UnprocessableEntity, $"Train.{_group} \"t\" is invalid: spec.nodes: Required value"));
        (await TryAsync("""{"nodes":0}""")).Message.Should().Contain("spec.nodes: Invalid value: 0: spec.nodes in body should be greater than or equal to 1");
        (await TryAsync("""{"nodes":"two"}""")).Code.Should().Be(HttpStatusCode.UnprocessableEntity);
        (await TryAsync("""{"nodes":1,"mode":"idle"}""")).Message.Should().Contain("spec.mode: Unsupported value: \"idle\": supported values: \"fast\", \"slow\"");
        (await TryAsync("""{"nodes":1,"wheels":4}""")).Should().Be((HttpStatusCode.BadRequest, $"strict decoding error: unknown field \"spec.wheels\""));
    }

    [Fact]
    public async Task Apply_UsesTheSchemasListKeys()
    {
        var path = await DefineAsync();
        await cluster.SendAsync(HttpMethod.Patch, path + "/t?fieldManager=a", Train("""{"nodes":1,"steps":[{"name":"one","run":"x"}]}"""), "application/apply-patch+yaml");
        var (code, both, _) = await cluster.SendAsync(HttpMethod.Patch, path + "/t?fieldManager=b", Train("""{"steps":[{"name":"two","run":"y"}]}"""), "application/apply-patch+yaml");
        code.Should().Be(HttpStatusCode.OK, both.ToJsonString());
        both["spec"]!["steps"]!.AsArray().Select(s => (string)s!["name"]!).Should().BeEquivalentTo("one", "two");
    }

    [Fact]
    public async Task Replace_WithoutVersion_IsRefused()
    {
        var path = await DefineAsync();
        await cluster.SendAsync(HttpMethod.Post, path, Train("""{"nodes":1}"""));
        var (code, status, _) = await cluster.SendAsync(HttpMethod.Put, path + "/t", Train("""{"nodes":2}"""));
        code.Should().Be(HttpStatusCode.UnprocessableEntity);
        ((string)status["message"]!).Should().Contain("metadata.resourceVersion: Invalid value: 0x0: must be specified for an update");
    }
}
