using System.Net;
using System.Text.Json.Nodes;
using AwesomeAssertions;
using k8s;
using k8s.Models;

namespace Portal.Compute.Tests.Kubernetes.Cluster;

/// <summary>Quotas, limits, pod security, service accounts: what a namespace does not let in.</summary>
public sealed class AdmissionTests(ClusterFixture cluster)
{
    private async Task<(HttpStatusCode Code, string Message, HttpResponseMessage Answer)> CreateAsync(string place, string kind, JsonObject body)
    {
        var (code, answer, response) = await cluster.SendAsync(HttpMethod.Post, kind switch { "pods" => $"/api/v1/namespaces/{place}/pods", "claims" => $"/api/v1/namespaces/{place}/persistentvolumeclaims", "deployments" => $"/apis/apps/v1/namespaces/{place}/deployments", _ => $"/api/v1/namespaces/{place}/{kind}" }, body);
        return (code, (string?)answer["message"] ?? "", response);
    }

    private async Task<string> WithQuotaAsync(string hard)
    {
        var place = await cluster.NamespaceAsync();
        await CreateAsync(place, "resourcequotas", Objects.Parse("""{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"team"}}""").With("spec.hard", hard));
        await Eventually.BecomesTrueAsync(async () => (await cluster.Client.CoreV1.ReadNamespacedResourceQuotaAsync("team", place)).Status?.Used?.Count > 0);
        return place;
    }

    [Fact]
    public async Task Quota_Exceeded_SaysWhatIsAskedUsedAndAllowed()
    {
        var place = await WithQuotaAsync("""{"requests.cpu":"15m","pods":"5"}""");
        (await CreateAsync(place, "pods", Objects.Pod("one"))).Code.Should().Be(HttpStatusCode.Created);
        var (code, message, _) = await CreateAsync(place, "pods", Objects.Pod("two"));
        code.Should().Be(HttpStatusCode.Forbidden);
        message.Should().Be("pods \"two\" is forbidden: exceeded quota: team, requested: requests.cpu=10m, used: requests.cpu=10m, limited: requests.cpu=15m");
        var used = await Eventually.ReadAsync(() => cluster.Client.CoreV1.ReadNamespacedResourceQuotaAsync("team", place), q => q.Status.Used["pods"].ToString() == "1");
        used.Status.Used["requests.cpu"].ToString().Should().Be("10m");
    }

    [Fact]
    public async Task Quota_OfLimits_NeedsThemNamed()
    {
        var place = await WithQuotaAsync("""{"limits.memory":"1Gi"}""");
        var (code, message, _) = await CreateAsync(place, "pods", Objects.Pod().With("spec.containers[0].resources", "{}"));
        code.Should().Be(HttpStatusCode.Forbidden);
        message.Should().Be("pods \"pod\" is forbidden: failed quota: team: must specify limits.memory for: main");
    }

    [Fact]
    public async Task Quota_OfADeployment_ShowsAsEventAndCondition()
    {
        var place = await WithQuotaAsync("""{"pods":"0"}""");
        await CreateAsync(place, "deployments", Objects.Deployment());
        await Eventually.ReadAsync(() => cluster.Client.CoreV1.ListNamespacedEventAsync(place), e => e.Items.Any(i => i.Reason == "FailedCreate" && i.Message.Contains("exceeded quota: team", StringComparison.Ordinal) && i.InvolvedObject.Kind == "ReplicaSet"));
        await Eventually.ReadAsync(() => cluster.Client.AppsV1.ReadNamespacedDeploymentAsync("web", place), d => d.Status.Conditions?.Any(c => c is { Type: "ReplicaFailure", Status: "True", Reason: "FailedCreate" }) == true);
    }

    [Fact]
    public async Task Quota_OfStorage_RefusesAClaim()
    {
        var place = await WithQuotaAsync("""{"requests.storage":"500Mi"}""");
        var (code, message, _) = await CreateAsync(place, "claims", Objects.Claim());
        code.Should().Be(HttpStatusCode.Forbidden);
        message.Should().Be("persistentvolumeclaims \"claim\" is forbidden: exceeded quota: team, requested: requests.storage=1Gi, used: requests.storage=0, limited: requests.storage=500Mi");
    }

    [Fact]
    public async Task LimitRange_GivesDefaultsAndBounds()
    {
        var place = await cluster.NamespaceAsync();
        await CreateAsync(place, "limitranges", Objects.Parse("""{"apiVersion":"v1","kind":"LimitRange","metadata":{"name":"l"},"spec":{"limits":[{"type":"Container","default":{"cpu":"200m"},"defaultRequest":{"cpu":"20m"},"max":{"cpu":"500m"}}]}}"""));
        var (_, made, _) = await cluster.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{place}/pods?dryRun=All", Objects.Pod().With("spec.containers[0].resources", "{}"));
        JsonNode.DeepEquals(made["spec"]!["containers"]![0]!["resources"], JsonNode.Parse("""{"limits":{"cpu":"200m"},"requests":{"cpu":"20m"}}""")).Should().BeTrue(made.ToJsonString());
        var (code, message, _) = await CreateAsync(place, "pods", Objects.Pod().With("spec.containers[0].resources", """{"limits":{"cpu":"1"}}"""));
        code.Should().Be(HttpStatusCode.Forbidden);
        message.Should().Be("pods \"pod\" is forbidden: maximum cpu usage per Container is 500m, but limit is 1");
    }

    [Fact]
    public async Task PodSecurity_Restricted_RefusesInTheRealWords()
    {
        var place = await cluster.NamespaceAsync(new() { ["pod-security.kubernetes.io/enforce"] = "restricted" });
        (await CreateAsync(place, "pods", Objects.Pod("good"))).Code.Should().Be(HttpStatusCode.Created);
        var bare = Objects.Parse("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"bare"},"spec":{"containers":[{"name":"c","image":"busybox"}]}}""");
        var (code, message, _) = await CreateAsync(place, "pods", bare);
        code.Should().Be(HttpStatusCode.Forbidden);
        message.Should().Be("pods \"bare\" is forbidden: violates PodSecurity \"restricted:latest\": allowPrivilegeEscalation != false (container \"c\" must set securityContext.allowPrivilegeEscalation=false), "
            + "unrestricted capabilities (container \"c\" must set securityContext.capabilities.drop=[\"ALL\"]), runAsNonRoot != true (pod or container \"c\" must set securityContext.runAsNonRoot=true), "
            + "seccompProfile (pod or container \"c\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\")");
    }

    [Theory]
    [InlineData("spec.hostNetwork", "true", "host namespaces (hostNetwork=true)")]
    [InlineData("spec.volumes", """[{"name":"h","hostPath":{"path":"/"}}]""", "restricted volume types (volume \"h\" uses restricted volume type \"hostPath\")")]
    [InlineData("spec.containers[0].securityContext.runAsUser", "0", "runAsUser=0 (container \"main\" must not set runAsUser=0)")]
    [InlineData("spec.containers[0].securityContext", """{"privileged":true,"capabilities":{"drop":["ALL"]}}""", "privileged (container \"main\" must not set securityContext.privileged=true)")]
    [InlineData("spec.containers[0].securityContext.capabilities.add", """["NET_ADMIN"]""", "container \"main\" must not include \"NET_ADMIN\" in securityContext.capabilities.add")]
    [InlineData("spec.containers[0].ports[0].hostPort", "80", "hostPort (container \"main\" uses hostPort 80)")]
    public async Task PodSecurity_Restricted_RefusesEach(string path, string value, string words)
    {
        var place = await cluster.NamespaceAsync(new() { ["pod-security.kubernetes.io/enforce"] = "restricted" });
        var (code, message, _) = await CreateAsync(place, "pods", Objects.Pod().With(path, value));
        code.Should().Be(HttpStatusCode.Forbidden, message);
        message.Should().Contain(words);
    }

    [Fact]
    public async Task PodSecurity_OfADeployment_OnlyWarnsAndItsPodsAreRefused()
    {
        var place = await cluster.NamespaceAsync(new() { ["pod-security.kubernetes.io/enforce"] = "restricted", ["pod-security.kubernetes.io/warn"] = "restricted" });
        var (code, _, answer) = await CreateAsync(place, "deployments", Objects.Deployment().With("spec.template.spec.securityContext.runAsNonRoot", null));
        code.Should().Be(HttpStatusCode.Created);
        answer.Headers.GetValues("Warning").Should().ContainSingle().Which.Should().StartWith("299 - \"would violate PodSecurity \\\"restricted:latest\\\": runAsNonRoot != true");
        await Eventually.ReadAsync(() => cluster.Client.CoreV1.ListNamespacedEventAsync(place), e => e.Items.Any(i => i.Reason == "FailedCreate" && i.Message.Contains("violates PodSecurity", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task ServiceAccount_Missing_IsRefusedAndTokensAreMountedUnlessTurnedOff()
    {
        var place = await cluster.NamespaceAsync();
        var (code, message, _) = await CreateAsync(place, "pods", Objects.Pod().With("spec.serviceAccountName", "\"none\""));
        code.Should().Be(HttpStatusCode.Forbidden);
        message.Should().Be($"pods \"pod\" is forbidden: error looking up service account {place}/none: serviceaccount \"none\" not found");
        async Task<bool> MountsAsync(JsonObject pod) => (await cluster.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{place}/pods?dryRun=All", pod)).Body["spec"]!["containers"]![0]!["volumeMounts"]?.AsArray().Any(m => (string)m!["mountPath"]! == "/var/run/secrets/kubernetes.io/serviceaccount") == true;
        (await MountsAsync(Objects.Pod())).Should().BeTrue();
        (await MountsAsync(Objects.Pod().With("spec.automountServiceAccountToken", "false"))).Should().BeFalse();
    }

    [Fact]
    public async Task Namespace_BeingDeleted_TakesNothingNewAndGoesWithItsContents()
    {
        var place = await cluster.NamespaceAsync();
        await CreateAsync(place, "configmaps", Objects.ConfigMap("held").With("metadata.finalizers", """["example.com/hold"]"""));
        await CreateAsync(place, "configmaps", Objects.ConfigMap("free"));
        await CreateAsync(place, "pods", Objects.Pod());
        (await cluster.Client.CoreV1.DeleteNamespaceAsync(place)).Should().NotBeNull();
        var (code, answer, _) = await cluster.SendAsync(HttpMethod.Post, $"/api/v1/namespaces/{place}/configmaps", Objects.ConfigMap("late"));
        code.Should().Be(HttpStatusCode.Forbidden);
        ((string)answer["message"]!).Should().Be($"configmaps \"late\" is forbidden: unable to create new content in namespace {place} because it is being terminated");
        answer["details"]!["causes"]!.ToJsonString().Should().Be($$"""[{"reason":"NamespaceTerminating","message":"namespace {{place}} is being terminated","field":"metadata.namespace"}]""");
        await Eventually.GoneAsync(() => cluster.Client.CoreV1.ReadNamespacedConfigMapAsync("free", place));
        (await cluster.Client.CoreV1.ReadNamespaceAsync(place)).Status.Phase.Should().Be("Terminating");
        await cluster.Client.CoreV1.PatchNamespacedConfigMapAsync(new V1Patch("""{"metadata":{"finalizers":null}}""", V1Patch.PatchType.MergePatch), "held", place);
        await Eventually.GoneAsync(() => cluster.Client.CoreV1.ReadNamespaceAsync(place), 60);
    }
}
