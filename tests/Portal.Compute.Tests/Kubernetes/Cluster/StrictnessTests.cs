using System.Net;
using System.Text.Json.Nodes;
using AwesomeAssertions;
using k8s;

namespace Portal.Compute.Tests.Kubernetes.Cluster;

/// <summary>What the server refuses, one row each: an object with one thing wrong, and where the server sees it.</summary>
public sealed class StrictnessTests(ClusterFixture cluster)
{
    private const string Long = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    [Theory]
    // Unknown members and wrong types are refused before anything else is looked at.
    [InlineData("Pod", "spec.foo", "1", 400, "unknown field \"spec.foo\"")]
    [InlineData("Pod", "spec.containers[0].comand", "[]", 400, "unknown field \"spec.containers[0].comand\"")]
    [InlineData("Deployment", "spec.template.spec.tolerations", """[{"keyy":"a"}]""", 400, "unknown field \"spec.template.spec.tolerations[0].keyy\"")]
    [InlineData("Deployment", "spec.replicas", "\"two\"", 400, "cannot unmarshal string into Go struct field")]
    [InlineData("Job", "spec.backoffLimit", "\"0\"", 400, "cannot unmarshal string into Go struct field")]
    [InlineData("Pod", "spec.containers[0].resources.limits.cpu", "\"lots\"", 400, "quantities must match the regular expression")]
    [InlineData("Secret", "data", """{"a":"not base64!"}""", 400, "illegal base64 data")]
    [InlineData("Pod", "spec.containers", "{}", 400, "cannot unmarshal object into Go struct field")]
    // Names.
    [InlineData("Pod", "metadata.name", "\"Pod_1\"", 422, "metadata.name")]
    [InlineData("Service", "metadata.name", "\"1svc\"", 422, "metadata.name")]
    [InlineData("Service", "metadata.name", "\"" + Long + "\"", 422, "metadata.name")]
    [InlineData("Pod", "spec.containers[0].name", "\"Main\"", 422, "spec.containers[0].name")]
    [InlineData("Pod", "spec.containers[0].name", "\"" + Long + "\"", 422, "spec.containers[0].name")]
    [InlineData("Pod", "spec.containers[0].name", null, 422, "spec.containers[0].name")]
    [InlineData("Pod", "spec.containers[0].ports[0].name", "\"a-very-long-port-name\"", 422, "spec.containers[0].ports[0].name")]
    // Labels and annotations.
    [InlineData("Pod", "metadata.labels.app", "\"a b\"", 422, "metadata.labels")]
    [InlineData("Pod", "metadata.labels.app", "\"" + Long + "\"", 422, "metadata.labels")]
    [InlineData("Pod", "metadata.labels", """{"-bad":"x"}""", 422, "metadata.labels")]
    [InlineData("Pod", "metadata.annotations", """{"a b":"x"}""", 422, "metadata.annotations")]
    [InlineData("Pod", "spec.nodeSelector", """{"a":"b c"}""", 422, "spec.nodeSelector")]
    // Words.
    [InlineData("Pod", "spec.restartPolicy", "\"Sometimes\"", 422, "spec.restartPolicy")]
    [InlineData("Pod", "spec.dnsPolicy", "\"Cluster\"", 422, "spec.dnsPolicy")]
    [InlineData("Pod", "spec.containers[0].imagePullPolicy", "\"Maybe\"", 422, "spec.containers[0].imagePullPolicy")]
    [InlineData("Pod", "spec.containers[0].ports[0].protocol", "\"HTTP\"", 422, "spec.containers[0].ports[0].protocol")]
    [InlineData("Pod", "spec.securityContext.seccompProfile.type", "\"Default\"", 422, "spec.securityContext.seccompProfile.type")]
    [InlineData("Pod", "spec.tolerations", """[{"key":"a","operator":"Equals","value":"b"}]""", 422, "spec.tolerations[0].operator")]
    [InlineData("Pod", "spec.tolerations", """[{"key":"a","operator":"Exists","value":"b"}]""", 422, "spec.tolerations[0].operator")]
    [InlineData("Pod", "spec.tolerations", """[{"key":"a","operator":"Exists","effect":"Never"}]""", 422, "spec.tolerations[0].effect")]
    [InlineData("Pod", "spec.affinity", """{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"Is","values":["b"]}]}]}}}""", 422, "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator")]
    [InlineData("Pod", "spec.affinity", """{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"In"}]}]}}}""", 422, "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values")]
    [InlineData("Pod", "spec.affinity", """{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":0,"preference":{"matchExpressions":[{"key":"a","operator":"Exists"}]}}]}}""", 422, "spec.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight")]
    [InlineData("Service", "spec.type", "\"Internal\"", 422, "spec.type")]
    [InlineData("Claim", "spec.accessModes", """["Sometimes"]""", 422, "spec.accessModes")]
    [InlineData("Deployment", "spec.strategy", """{"type":"BlueGreen"}""", 422, "spec.strategy.type")]
    [InlineData("Deployment", "spec.strategy", """{"type":"RollingUpdate","rollingUpdate":{"maxSurge":0,"maxUnavailable":0}}""", 422, "spec.strategy.rollingUpdate.maxUnavailable")]
    [InlineData("StatefulSet", "spec.podManagementPolicy", "\"Whenever\"", 422, "spec.podManagementPolicy")]
    [InlineData("Job", "spec.completionMode", "\"Some\"", 422, "spec.completionMode")]
    [InlineData("Autoscaler", "spec.metrics", """[{"type":"Cpu"}]""", 422, "spec.metrics[0].type")]
    [InlineData("Autoscaler", "spec.maxReplicas", "0", 422, "spec.maxReplicas")]
    [InlineData("NetworkPolicy", "spec.policyTypes", """["Sideways"]""", 422, "spec.policyTypes[0]")]
    [InlineData("NetworkPolicy", "spec.egress", """[{"to":[{"ipBlock":{"cidr":"10.0.0.0"}}]}]""", 422, "spec.egress[0].to[0].ipBlock.cidr")]
    [InlineData("Ingress", "spec.rules[0].http.paths[0].pathType", "\"Regex\"", 422, "spec.rules[0].http.paths[0].pathType")]
    [InlineData("Ingress", "spec.rules[0].http.paths[0].pathType", null, 422, "spec.rules[0].http.paths[0].pathType")]
    [InlineData("Ingress", "spec.rules[0].http.paths[0].path", "\"x\"", 422, "spec.rules[0].http.paths[0].path")]
    [InlineData("Ingress", "spec.rules[0].host", "\"a.*.example.org\"", 422, "spec.rules[0].host")]
    [InlineData("Ingress", "spec.tls[0].hosts", """["192.0.2.1"]""", 422, "spec.tls[0].hosts[0]")]
    [InlineData("Ingress", "spec.rules[0].http.paths[0].backend.service.port", "{}", 422, "spec.rules[0].http.paths[0].backend.service.port")]
    [InlineData("Ingress", "spec.rules", null, 422, "spec")]
    // Required.
    [InlineData("Pod", "spec.containers", "[]", 422, "spec.containers")]
    [InlineData("Pod", "spec.containers[0].image", null, 422, "spec.containers[0].image")]
    [InlineData("Deployment", "spec.selector", null, 422, "spec.selector")]
    [InlineData("Service", "spec.ports", "[]", 422, "spec.ports")]
    [InlineData("Claim", "spec.accessModes", "[]", 422, "spec.accessModes")]
    [InlineData("Claim", "spec.resources", "{}", 422, "spec.resources[storage]")]
    // Numbers.
    [InlineData("Pod", "spec.containers[0].ports[0].containerPort", "70000", 422, "spec.containers[0].ports[0].containerPort")]
    [InlineData("Service", "spec.ports[0].port", "0", 422, "spec.ports[0].port")]
    [InlineData("Deployment", "spec.replicas", "-1", 422, "spec.replicas")]
    [InlineData("Pod", "spec.containers[0].resources.requests.cpu", "\"-1\"", 422, "spec.containers[0].resources.requests[cpu]")]
    [InlineData("Pod", "spec.containers[0].resources.requests.memory", "\"1Gi\"", 422, "spec.containers[0].resources.requests")]
    [InlineData("Pod", "spec.containers[0].resources.limits", """{"nvidia.com/gpu":"500m"}""", 422, "spec.containers[0].resources.limits[nvidia.com/gpu]")]
    // What must fit together.
    [InlineData("Pod", "spec.containers[0].volumeMounts", """[{"name":"none","mountPath":"/x"}]""", 422, "spec.containers[0].volumeMounts[0].name")]
    [InlineData("Pod", "spec.volumes", """[{"name":"a","emptyDir":{}},{"name":"a","emptyDir":{}}]""", 422, "spec.volumes[1].name")]
    [InlineData("Pod", "spec.volumes", """[{"name":"a","emptyDir":{},"secret":{"secretName":"x"}}]""", 422, "spec.volumes[0].secret")]
    [InlineData("Pod", "spec.containers[0].env", """[{"name":"1A","value":"x"}]""", 422, "spec.containers[0].env[0].name")]
    [InlineData("Pod", "spec.containers[0].env", """[{"name":"A","value":"x","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]""", 422, "spec.containers[0].env[0].valueFrom")]
    [InlineData("Pod", "spec.containers[0].readinessProbe", """{"httpGet":{"port":80},"tcpSocket":{"port":80}}""", 422, "spec.containers[0].readinessProbe.tcpSocket")]
    [InlineData("Pod", "spec.containers[0].readinessProbe", "{\"periodSeconds\":5}", 422, "spec.containers[0].readinessProbe")]
    [InlineData("Pod", "spec.containers[0].livenessProbe", """{"httpGet":{"port":80},"successThreshold":2}""", 422, "spec.containers[0].livenessProbe.successThreshold")]
    [InlineData("Pod", "spec.containers[1]", """{"name":"main","image":"busybox"}""", 422, "spec.containers[1].name")]
    [InlineData("Deployment", "spec.template.metadata.labels", """{"other":"x"}""", 422, "spec.template.metadata.labels")]
    [InlineData("Deployment", "spec.template.spec.restartPolicy", "\"Never\"", 422, "spec.template.spec.restartPolicy")]
    [InlineData("Job", "spec.template.spec.restartPolicy", "\"Always\"", 422, "spec.template.spec.restartPolicy")]
    [InlineData("ConfigMap", "data", """{"a/b":"x"}""", 422, "data[a/b]")]
    [InlineData("Budget", "spec.maxUnavailable", "1", 422, "spec")]
    [InlineData("Budget", "spec.minAvailable", "\"half\"", 422, "spec.minAvailable")]
    public async Task Create_WithOneThingWrong_IsRefused(string kind, string path, string? value, int code, string where)
    {
        var (address, body) = Of(kind);
        var place = await PlaceAsync();
        var (answer, status, _) = await cluster.SendAsync(HttpMethod.Post, $"/{address.Replace("NS", place, StringComparison.Ordinal)}?fieldValidation=Strict", body.With(path, value));
        ((int)answer).Should().Be(code, (string?)status["message"]);
        if (code == 400)
            ((string)status["message"]!).Should().Contain(where);
        else
            status["details"]!["causes"]!.AsArray().Select(c => (string)c!["field"]!).Should().Contain(where, (string?)status["message"]);
    }

    [Theory]
    [InlineData("Pod")]
    [InlineData("Deployment")]
    [InlineData("StatefulSet")]
    [InlineData("Job")]
    [InlineData("Service")]
    [InlineData("Claim")]
    [InlineData("ConfigMap")]
    [InlineData("Secret")]
    [InlineData("Autoscaler")]
    [InlineData("NetworkPolicy")]
    [InlineData("Ingress")]
    [InlineData("Budget")]
    public async Task Create_WithNothingWrong_IsTaken(string kind)
    {
        var (address, body) = Of(kind);
        var (answer, status, _) = await cluster.SendAsync(HttpMethod.Post, $"/{address.Replace("NS", await PlaceAsync(), StringComparison.Ordinal)}?fieldValidation=Strict&dryRun=All", body);
        answer.Should().Be(HttpStatusCode.Created, status.ToJsonString());
    }

    [Theory]
    [InlineData("Job", "spec.template.spec.containers[0].image", "\"other\"", "spec.template")]
    [InlineData("Job", "spec.completions", "5", "spec.completions")]
    [InlineData("StatefulSet", "spec.volumeClaimTemplates[0].spec.resources.requests.storage", "\"2Gi\"", "spec")]
    [InlineData("StatefulSet", "spec.serviceName", "\"other\"", "spec")]
    [InlineData("Deployment", "spec.selector.matchLabels.app", "\"other\"", "spec.selector")]
    [InlineData("Claim", "spec.accessModes", """["ReadWriteMany"]""", "spec")]
    [InlineData("Secret", "type", "\"other\"", "type")]
    [InlineData("Pod", "spec.containers[0].command", """["true"]""", "spec")]
    [InlineData("Service", "spec.clusterIP", "\"None\"", "spec.clusterIPs[0]")]
    public async Task Update_OfWhatMayNotChange_IsRefused(string kind, string path, string value, string where)
    {
        var place = await cluster.NamespaceAsync();
        var (address, body) = Of(kind);
        address = address.Replace("NS", place, StringComparison.Ordinal);
        if (kind is "Deployment" or "StatefulSet")
            body.With("spec.replicas", "0");
        if (kind == "Job")
            body.With("spec.suspend", "false");
        var (made, first, _) = await cluster.SendAsync(HttpMethod.Post, "/" + address, body);
        made.Should().Be(HttpStatusCode.Created, first.ToJsonString());
        var change = ((JsonObject)first).With(path, value).With("metadata.resourceVersion", null).With("metadata.managedFields", null);
        if (kind == "Deployment")
            change.With("spec.template.metadata.labels.app", value);
        var (answer, status, _) = await cluster.SendAsync(HttpMethod.Put, $"/{address}/{(string)first["metadata"]!["name"]!}", change);
        answer.Should().Be(HttpStatusCode.UnprocessableEntity, status.ToJsonString());
        status["details"]!["causes"]!.AsArray().Select(c => (string)c!["field"]!).Should().Contain(where, (string?)status["message"]);
    }

    [Fact]
    public async Task Refusal_HasTheServersForm()
    {
        var (code, status, _) = await cluster.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{await PlaceAsync()}/pods", Objects.Pod("x").With("spec.containers[0].name", null));
        code.Should().Be(HttpStatusCode.UnprocessableEntity);
        ((string)status["kind"]!).Should().Be("Status");
        ((string)status["reason"]!).Should().Be("Invalid");
        ((int)status["code"]!).Should().Be(422);
        ((string)status["message"]!).Should().Be("Pod \"x\" is invalid: spec.containers[0].name: Required value");
        status["details"]!.ToJsonString().Should().Be("""{"name":"x","kind":"Pod","causes":[{"reason":"FieldValueRequired","message":"Required value","field":"spec.containers[0].name"}]}""");
    }

    [Fact]
    public async Task Refusal_OfAGroupsKind_NamesTheGroupAndEveryField()
    {
        var (_, status, _) = await cluster.SendAsync(HttpMethod.Post, $"/apis/apps/v1/namespaces/{await PlaceAsync()}/deployments", Objects.Deployment("x").With("spec.replicas", "-1").With("spec.template.spec.containers[0].image", null));
        ((string)status["message"]!).Should().Be("Deployment.apps \"x\" is invalid: [spec.replicas: Invalid value: -1: must be greater than or equal to 0, spec.template.spec.containers[0].image: Required value]");
    }

    [Fact]
    public async Task DuplicateField_Strict_IsRefusedAndWarnOtherwise()
    {
        var path = $"/api/v1/namespaces/{await PlaceAsync()}/configmaps?dryRun=All";
        const string twice = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"m"},"data":{"a":"1","a":"2"}}""";
        var (code, status, _) = await cluster.SendAsync(HttpMethod.Post, path + "&fieldValidation=Strict", twice);
        code.Should().Be(HttpStatusCode.BadRequest);
        ((string)status["message"]!).Should().Be("ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: duplicate field \"data.a\"");
        var (warned, _, answer) = await cluster.SendAsync(HttpMethod.Post, path, twice);
        warned.Should().Be(HttpStatusCode.Created);
        answer.Headers.GetValues("Warning").Should().Contain("299 - \"duplicate field \\\"data.a\\\"\"");
    }

    [Fact]
    public async Task Secret_OverOneMebibyte_IsRefused()
    {
        var big = Objects.Secret().With("stringData.token", $"\"{new string('x', (1 << 20) + 1)}\"");
        var (code, status, _) = await cluster.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{await PlaceAsync()}/secrets", big);
        code.Should().Be(HttpStatusCode.UnprocessableEntity);
        ((string)status["details"]!["causes"]![0]!["reason"]!).Should().Be("FieldValueTooLong");
    }

    [Fact]
    public async Task Claim_MayGrowOnceBoundButNotShrink()
    {
        var place = await cluster.NamespaceAsync();
        var path = $"/api/v1/namespaces/{place}/persistentvolumeclaims";
        var (_, early, _) = await cluster.SendAsync(HttpMethod.Post, path, Objects.Claim("waits", "none-such"));
        (await cluster.SendAsync(HttpMethod.Put, path + "/waits", ((JsonObject)early).With("metadata.resourceVersion", null).With("spec.resources.requests.storage", "\"2Gi\""))).Code.Should().Be(HttpStatusCode.UnprocessableEntity);
        Assert.SkipWhen(cluster.IsReal, "the real cluster's storage class may bind late or not allow growth");
        await cluster.SendAsync(HttpMethod.Post, path, Objects.Claim());
        await Eventually.BecomesTrueAsync(async () => (await cluster.Client.CoreV1.ReadNamespacedPersistentVolumeClaimAsync("claim", place)).Status.Phase == "Bound");
        async Task<HttpStatusCode> SizeAsync(string size) => (await cluster.SendAsync(HttpMethod.Patch, path + "/claim", new JsonObject().With("spec.resources.requests.storage", $"\"{size}\""), "application/merge-patch+json")).Code;
        (await SizeAsync("2Gi")).Should().Be(HttpStatusCode.OK);
        (await SizeAsync("1Gi")).Should().Be(HttpStatusCode.UnprocessableEntity);
    }

    private static Task<string>? _place;

    /// <summary>One namespace for all rows: nothing is made in it.</summary>
    private Task<string> PlaceAsync() => LazyInitializer.EnsureInitialized(ref _place, () => cluster.NamespaceAsync());

    private static (string Address, JsonObject Body) Of(string kind) => kind switch
    {
        "Pod" => ("api/v1/namespaces/NS/pods", Objects.Pod()),
        "Deployment" => ("apis/apps/v1/namespaces/NS/deployments", Objects.Deployment()),
        "StatefulSet" => ("apis/apps/v1/namespaces/NS/statefulsets", Objects.StatefulSet()),
        "Job" => ("apis/batch/v1/namespaces/NS/jobs", Objects.Job()),
        "Service" => ("api/v1/namespaces/NS/services", Objects.Service()),
        "Claim" => ("api/v1/namespaces/NS/persistentvolumeclaims", Objects.Claim()),
        "ConfigMap" => ("api/v1/namespaces/NS/configmaps", Objects.ConfigMap()),
        "Secret" => ("api/v1/namespaces/NS/secrets", Objects.Secret()),
        "Autoscaler" => ("apis/autoscaling/v2/namespaces/NS/horizontalpodautoscalers", Objects.Parse("""{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"a"},"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},"minReplicas":1,"maxReplicas":3,"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":70}}}]}}""")),
        "Ingress" => ("apis/networking.k8s.io/v1/namespaces/NS/ingresses", Objects.Parse("""{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"i"},"spec":{"tls":[{"hosts":["*.example.org"],"secretName":"tls"}],"rules":[{"host":"*.example.org","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"s","port":{"name":"http"}}}}]}}]}}""")),
        "NetworkPolicy" => ("apis/networking.k8s.io/v1/namespaces/NS/networkpolicies", Objects.Parse("""{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"n"},"spec":{"podSelector":{},"policyTypes":["Ingress","Egress"],"egress":[{"to":[{"ipBlock":{"cidr":"0.0.0.0/0","except":["169.254.169.254/32"]}}]}]}}""")),
        "Budget" => ("apis/policy/v1/namespaces/NS/poddisruptionbudgets", Objects.Parse("""{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"b"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"x"}}}}""")),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
