using System.Net;
using System.Text.Json.Nodes;
using AwesomeAssertions;
using k8s;
using k8s.Models;

namespace Portal.Compute.Tests.Kubernetes.Cluster;

/// <summary>Server-side apply: who owns what, conflicts, what is taken away.</summary>
public sealed class ApplyTests(ClusterFixture cluster)
{
    private async Task<(HttpStatusCode Code, JsonNode Body, HttpResponseMessage Answer)> ApplyAsync(string path, JsonObject body, string manager = "portal", bool force = false, string more = "") =>
        await cluster.SendAsync(HttpMethod.Patch, $"{path}?fieldManager={manager}{(force ? "&force=true" : "")}{more}", body, "application/apply-patch+yaml");

    private static JsonNode? OwnedBy(JsonNode body, string manager) => body["metadata"]!["managedFields"]!.AsArray().FirstOrDefault(e => (string)e!["manager"]! == manager);

    [Fact]
    public async Task Apply_New_CreatesAndOwnsWhatItNames()
    {
        var place = await cluster.NamespaceAsync();
        var (code, made, _) = await ApplyAsync($"/api/v1/namespaces/{place}/configmaps/map", Objects.ConfigMap());
        code.Should().Be(HttpStatusCode.Created);
        var owned = OwnedBy(made, "portal")!;
        ((string)owned["operation"]!).Should().Be("Apply");
        ((string)owned["apiVersion"]!).Should().Be("v1");
        ((string)owned["fieldsType"]!).Should().Be("FieldsV1");
        owned["fieldsV1"]!.ToJsonString().Should().Be("""{"f:data":{"f:a":{},"f:b":{}}}""");
    }

    [Fact]
    public async Task Apply_Unchanged_WritesNothing()
    {
        var place = await cluster.NamespaceAsync();
        var (_, first, _) = await ApplyAsync($"/apis/apps/v1/namespaces/{place}/statefulsets/set", Objects.StatefulSet(replicas: 0));
        await Eventually.BecomesTrueAsync(async () => (await cluster.Client.AppsV1.ReadNamespacedStatefulSetAsync("set", place)).Status.ObservedGeneration == 1);
        var before = (await cluster.Client.AppsV1.ReadNamespacedStatefulSetAsync("set", place)).ResourceVersion();
        var (code, again, _) = await ApplyAsync($"/apis/apps/v1/namespaces/{place}/statefulsets/set", Objects.StatefulSet(replicas: 0));
        code.Should().Be(HttpStatusCode.OK);
        ((string)again["metadata"]!["resourceVersion"]!).Should().Be(before);
        ((string)again["metadata"]!["uid"]!).Should().Be((string)first["metadata"]!["uid"]!);
    }

    [Fact]
    public async Task Apply_LeavesAFieldOut_TakesItAway()
    {
        var place = await cluster.NamespaceAsync();
        var path = $"/api/v1/namespaces/{place}/configmaps/map";
        await ApplyAsync(path, Objects.ConfigMap());
        var (_, second, _) = await ApplyAsync(path, Objects.ConfigMap().With("data.b", null));
        second["data"]!.ToJsonString().Should().Be("""{"a":"1"}""");
    }

    [Fact]
    public async Task Apply_LeavesOutWhatAnotherOwnsToo_Keeps()
    {
        var place = await cluster.NamespaceAsync();
        var path = $"/api/v1/namespaces/{place}/configmaps/map";
        await ApplyAsync(path, Objects.ConfigMap());
        (await ApplyAsync(path, Objects.ConfigMap(), "other")).Code.Should().Be(HttpStatusCode.OK, "the same value is no conflict");
        var (_, second, _) = await ApplyAsync(path, Objects.ConfigMap().With("data.b", null));
        second["data"]!.ToJsonString().Should().Be("""{"a":"1","b":"2"}""");
        OwnedBy(second, "portal")!["fieldsV1"]!.ToJsonString().Should().Be("""{"f:data":{"f:a":{}}}""");
    }

    [Fact]
    public async Task Apply_AgainstAnotherApplier_ConflictsAndForceWins()
    {
        var place = await cluster.NamespaceAsync();
        var path = $"/api/v1/namespaces/{place}/configmaps/map";
        await ApplyAsync(path, Objects.ConfigMap());
        var other = Objects.ConfigMap().With("data", """{"a":"9"}""");
        var (code, status, _) = await ApplyAsync(path, other, "other");
        code.Should().Be(HttpStatusCode.Conflict);
        ((string)status["reason"]!).Should().Be("Conflict");
        ((string)status["message"]!).Should().Be("Apply failed with 1 conflict: conflict with \"portal\": .data.a");
        status["details"]!["causes"]!.ToJsonString().Should().Be("""[{"reason":"FieldManagerConflict","message":"conflict with \u0022portal\u0022","field":".data.a"}]""");
        var (_, forced, _) = await ApplyAsync(path, other, "other", force: true);
        ((string)forced["data"]!["a"]!).Should().Be("9");
        OwnedBy(forced, "portal")!["fieldsV1"]!.ToJsonString().Should().Be("""{"f:data":{"f:b":{}}}""");
        OwnedBy(forced, "other")!["fieldsV1"]!.ToJsonString().Should().Be("""{"f:data":{"f:a":{}}}""");
    }

    [Fact]
    public async Task Apply_AfterSomebodyEditedAnOwnedField_ConflictsWithTheirUpdate()
    {
        var place = await cluster.NamespaceAsync();
        var path = $"/apis/apps/v1/namespaces/{place}/deployments/web";
        await ApplyAsync(path, Objects.Deployment(replicas: 0));
        var (_, edited, _) = await cluster.SendAsync(HttpMethod.Patch, path + "?fieldManager=kubectl-edit", """{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"busybox:other"}]}}}}""", "application/strategic-merge-patch+json");
        var theirs = OwnedBy(edited, "kubectl-edit")!;
        ((string)theirs["operation"]!).Should().Be("Update");
        theirs["fieldsV1"]!.ToJsonString().Should().Contain("f:image");
        var (code, status, _) = await ApplyAsync(path, Objects.Deployment(replicas: 0));
        code.Should().Be(HttpStatusCode.Conflict);
        ((string)status["message"]!).Should().Be("Apply failed with 1 conflict: conflict with \"kubectl-edit\" using apps/v1: .spec.template.spec.containers[name=\"main\"].image");
        var (_, forced, _) = await ApplyAsync(path, Objects.Deployment(replicas: 0), force: true);
        ((string)forced["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]!).Should().Be(Objects.Image);
        OwnedBy(forced, "kubectl-edit").Should().BeNull();
    }

    [Fact]
    public async Task Apply_ListsByKey_MergeByTheirKeys()
    {
        var place = await cluster.NamespaceAsync();
        var path = $"/apis/apps/v1/namespaces/{place}/deployments/web";
        var mine = Objects.Deployment(replicas: 0).With("spec.template.spec.containers[0].env", """[{"name":"A","value":"1"},{"name":"B","value":"2"}]""");
        await ApplyAsync(path, mine);
        var theirs = Objects.Parse("""{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"template":{"spec":{"containers":[{"name":"main","env":[{"name":"C","value":"3"}]},{"name":"side","image":"busybox","ports":[{"containerPort":9000}]}]}}}}""");
        var (code, both, _) = await ApplyAsync(path, theirs, "mesh");
        code.Should().Be(HttpStatusCode.OK);
        both["spec"]!["template"]!["spec"]!["containers"]!.AsArray().Select(c => (string)c!["name"]!).Should().Equal("main", "side");
        both["spec"]!["template"]!["spec"]!["containers"]![0]!["env"]!.AsArray().Select(e => (string)e!["name"]!).Should().BeEquivalentTo("A", "B", "C");
        OwnedBy(both, "mesh")!["fieldsV1"]!.ToJsonString().Should().Contain("""k:{\u0022containerPort\u0022:9000,\u0022protocol\u0022:\u0022TCP\u0022}""");
        var (_, less, _) = await ApplyAsync(path, mine.With("spec.template.spec.containers[0].env", """[{"name":"A","value":"1"}]"""));
        less["spec"]!["template"]!["spec"]!["containers"]![0]!["env"]!.AsArray().Select(e => (string)e!["name"]!).Should().BeEquivalentTo("A", "C");
        less["spec"]!["template"]!["spec"]!["containers"]!.AsArray().Should().HaveCount(2, "the other manager's container stays");
    }

    [Fact]
    public async Task Apply_DropsAContainer_TakesItsDefaultsToo()
    {
        var place = await cluster.NamespaceAsync();
        var path = $"/apis/apps/v1/namespaces/{place}/deployments/web";
        await ApplyAsync(path, Objects.Deployment(replicas: 0).With("spec.template.spec.containers[1]", """{"name":"side","image":"busybox"}"""));
        var (_, body, _) = await ApplyAsync(path, Objects.Deployment(replicas: 0));
        body["spec"]!["template"]!["spec"]!["containers"]!.AsArray().Should().ContainSingle();
    }

    [Fact]
    public async Task Apply_UnknownField_IsNotDeclaredInSchema()
    {
        var place = await cluster.NamespaceAsync();
        var (code, status, _) = await ApplyAsync($"/apis/apps/v1/namespaces/{place}/deployments/web", Objects.Deployment().With("spec.foo", "1"));
        code.Should().Be(HttpStatusCode.InternalServerError, "the server gives this one no class");
        ((string)status["message"]!).Should().Be($"failed to create typed patch object ({place}/web; apps/v1, Kind=Deployment): .spec.foo: field not declared in schema");
        (_, status, _) = await ApplyAsync($"/api/v1/namespaces/{place}/configmaps/map", Objects.ConfigMap().With("dat", "{}"));
        ((string)status["message"]!).Should().Be($"failed to create typed patch object ({place}/map; /v1, Kind=ConfigMap): .dat: field not declared in schema");
    }

    [Fact]
    public async Task Apply_WithoutManager_IsRefused()
    {
        var place = await cluster.NamespaceAsync();
        var (code, status, _) = await cluster.SendAsync(HttpMethod.Patch, $"/api/v1/namespaces/{place}/configmaps/map", Objects.ConfigMap(), "application/apply-patch+yaml");
        code.Should().Be(HttpStatusCode.UnprocessableEntity);
        ((string)status["message"]!).Should().Be("PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch");
    }

    [Fact]
    public async Task Apply_ManagedFieldsGiven_IsRefused()
    {
        var place = await cluster.NamespaceAsync();
        var (code, status, _) = await ApplyAsync($"/api/v1/namespaces/{place}/configmaps/map", Objects.ConfigMap().With("metadata.managedFields", """[{"manager":"x","operation":"Apply","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{}}]"""));
        code.Should().Be(HttpStatusCode.BadRequest);
        ((string)status["message"]!).Should().Be("metadata.managedFields must be nil");
    }

    [Fact]
    public async Task Apply_Yaml_IsTaken()
    {
        var place = await cluster.NamespaceAsync();
        var (code, body, _) = await cluster.SendAsync(HttpMethod.Patch, $"/api/v1/namespaces/{place}/configmaps/map?fieldManager=portal", "apiVersion: v1\nkind: ConfigMap\ndata:\n  a: 'x'\n", "application/apply-patch+yaml");
        code.Should().Be(HttpStatusCode.Created);
        ((string)body["data"]!["a"]!).Should().Be("x");
    }

    [Fact]
    public async Task Apply_Finalizers_AreASet()
    {
        var place = await cluster.NamespaceAsync();
        var path = $"/api/v1/namespaces/{place}/configmaps/map";
        await ApplyAsync(path, Objects.ConfigMap().With("metadata.finalizers", """["example.com/a"]"""));
        var (_, both, _) = await ApplyAsync(path, Objects.Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"map","finalizers":["example.com/b"]}}"""), "other");
        both["metadata"]!["finalizers"]!.AsArray().Select(f => (string)f!).Should().BeEquivalentTo("example.com/a", "example.com/b");
        var (_, one, _) = await ApplyAsync(path, Objects.ConfigMap());
        one["metadata"]!["finalizers"]!.AsArray().Select(f => (string)f!).Should().Equal("example.com/b");
        await ApplyAsync(path, Objects.Parse("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"map"}}"""), "other");
    }

    [Theory]
    [InlineData("/apis/batch/v1/namespaces/NS/jobs/x", """{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"x"},"spec":{"backoffLimit":0,"suspend":true,"template":{"metadata":{"labels":{"a":"b"}},"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"busybox","resources":{"requests":{"cpu":"0.5"},"limits":{"memory":"1024Mi"}}}]}}}}""")]
    [InlineData("/api/v1/namespaces/NS/services/x", """{"apiVersion":"v1","kind":"Service","metadata":{"name":"x"},"spec":{"selector":{"a":"b"},"ports":[{"name":"http","port":80,"targetPort":"http"}]}}""")]
    [InlineData("/api/v1/namespaces/NS/secrets/x", """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"x"},"type":"Opaque","data":{"a":"YQ=="}}""")]
    [InlineData("/api/v1/namespaces/NS/serviceaccounts/x", """{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"x"},"automountServiceAccountToken":false}""")]
    [InlineData("/api/v1/namespaces/NS/resourcequotas/x", """{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"x"},"spec":{"hard":{"requests.cpu":"0.5","pods":"10"}}}""")]
    [InlineData("/api/v1/namespaces/NS/limitranges/x", """{"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"x"},"spec":{"limits":[{"type":"Container","default":{"cpu":"1"},"defaultRequest":{"cpu":"100m"}}]}}""")]
    [InlineData("/apis/networking.k8s.io/v1/namespaces/NS/networkpolicies/x", """{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"x"},"spec":{"podSelector":{},"policyTypes":["Ingress","Egress"],"ingress":[{"from":[{"namespaceSelector":{"matchLabels":{"a":"b"}}}]}],"egress":[{}]}}""")]
    [InlineData("/apis/autoscaling/v2/namespaces/NS/horizontalpodautoscalers/x", """{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"x"},"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"none"},"minReplicas":1,"maxReplicas":2}}""")]
    [InlineData("/apis/policy/v1/namespaces/NS/poddisruptionbudgets/x", """{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"x"},"spec":{"maxUnavailable":1,"selector":{"matchLabels":{"a":"b"}}}}""")]
    [InlineData("/apis/apps/v1/namespaces/NS/deployments/x", """{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"x"},"spec":{"replicas":0,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"busybox","ports":[{"containerPort":80}],"readinessProbe":{"httpGet":{"port":80}}}],"volumes":[{"name":"v","emptyDir":{}}]}}}}""")]
    public async Task Apply_EachKindAgain_WritesNothing(string path, string body)
    {
        path = path.Replace("NS", await cluster.NamespaceAsync(), StringComparison.Ordinal);
        var (code, first, _) = await ApplyAsync(path, Objects.Parse(body), more: "&fieldValidation=Strict");
        code.Should().Be(HttpStatusCode.Created, first.ToJsonString());
        // Controllers write the status meanwhile; what must not change is everything else.
        var (_, second, _) = await ApplyAsync(path, Objects.Parse(body), more: "&fieldValidation=Strict");
        OwnedBy(second, "portal")!["time"]!.ToJsonString().Should().Be(OwnedBy(first, "portal")!["time"]!.ToJsonString());
        JsonNode.DeepEquals(second["spec"], first["spec"]).Should().BeTrue(second.ToJsonString());
        var version = (string)(await cluster.SendAsync(HttpMethod.Get, path)).Body["metadata"]!["resourceVersion"]!;
        await Eventually.BecomesTrueAsync(async () =>
        {
            var before = version;
            version = (string)(await ApplyAsync(path, Objects.Parse(body))).Body["metadata"]!["resourceVersion"]!;
            return version == before;
        });
    }

    [Fact]
    public async Task Apply_ByTheClientLibrary_WorksToo()
    {
        var place = await cluster.NamespaceAsync();
        var set = Objects.StatefulSet(replicas: 0).As<V1StatefulSet>();
        var made = await cluster.Client.AppsV1.PatchNamespacedStatefulSetAsync(new V1Patch(set, V1Patch.PatchType.ApplyPatch), "set", place, fieldManager: "portal", force: true);
        made.Metadata.ManagedFields.Should().Contain(f => f.Manager == "portal" && f.Operation == "Apply");
        made.Spec.VolumeClaimTemplates.Should().ContainSingle().Which.Spec.VolumeMode.Should().Be("Filesystem");
    }
}
