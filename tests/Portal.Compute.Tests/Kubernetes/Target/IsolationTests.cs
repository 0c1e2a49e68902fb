using System.Text.Json;
using System.Text.Json.Nodes;
using AwesomeAssertions;
using k8s;
using k8s.Models;
using Portal.Compute.Kubernetes;
using Portal.Compute.Kubernetes.Files;
using Portal.Compute.Kubernetes.Objects;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>A workload's objects name nothing of another's, whatever people type: what they cannot name they cannot mount, select or reach.</summary>
public sealed class IsolationTests
{
    private static readonly Guid Bs = Guid.Parse("0198c1de-0000-7000-8000-00000000000b");

    public static TheoryData<string> Items => ShippedManifestTests.Items;

    [Theory]
    [MemberData(nameof(Items))]
    public void ShippedItem_NamesNothingButItsOwn(string slug)
    {
        var spec = ShippedManifestTests.SpecOf(slug);
        foreach (var item in ObjectsOf(spec)) OwnReferencesOnly(item, spec);
    }

    [Theory]
    [InlineData("container-service")]
    [InlineData("container-endpoint")]
    [InlineData("container-training")]
    public void HostileParameters_StayText(string slug)
    {
        var hostile = new[] { $"a-{Bs}", $"w-{Bs}", $"a-{Bs}.portal-risk.svc", "$(PORTAL_PROXY_TOKEN)", "$$(HOME)", "../../portal-risk", "--namespace=portal-risk", "{{ files }}" };
        var values = new Dictionary<string, object>
        {
            ["image"] = "registry.example.org/risk/server:1", ["command"] = hostile, ["arguments"] = hostile,
            ["environment"] = new Dictionary<string, string> { ["SECRET_NAME"] = $"a-{Bs}", ["CLAIM"] = $"w-{Bs}", ["X"] = "$(PORTAL_PROXY_TOKEN)" },
        };
        if (slug != "container-training") values["dataPath"] = $"/w-{Bs}";
        var spec = ShippedManifestTests.SpecOf(slug, JsonSerializer.Serialize(values));
        foreach (var item in ObjectsOf(spec)) OwnReferencesOnly(item, spec);

        var container = PodOf(ObjectsOf(spec)[^1]).Containers.Single();
        foreach (var words in new[] { container.Command, container.Args }) Understood(words).Should().Equal(hostile, "the kubelet is left nothing to expand");
        container.Env.Should().BeNull("there, it would expand values");
        container.VolumeMounts.Should().OnlyContain(m => m.SubPathExpr == null);
    }

    [Theory]
    [InlineData("../risk")]
    [InlineData("/data/../../portal-risk")]
    [InlineData("/portal/files")]
    [InlineData("/var/run/secrets/kubernetes.io/serviceaccount")]
    [InlineData("/run/secrets")]
    [InlineData("/proc")]
    [InlineData("/data/$(PORTAL_PROXY_TOKEN)")]
    public void MountPath_OfTheSystemOrOutOfItsPlace_IsRefusedAtTheLaunch(string path)
    {
        var item = ShippedManifestTests.SpecOf("container-service").ItemSpec;
        ParameterValidation.Validate(item, JsonSerializer.SerializeToElement(new { image = "ghcr.io/example/tool:1.0", dataPath = path })).Errors.Should().ContainKey("parameters.dataPath");
    }

    [Theory]
    [InlineData("artifacts", false)]
    [InlineData("run", true)]
    public void FilesPod_MountsOneFolderOfItsOwnWorkload(string folder, bool writable)
    {
        var spec = ShippedManifestTests.SpecOf("container-training");
        foreach (IKubernetesObject<V1ObjectMeta> item in new IKubernetesObject<V1ObjectMeta>[] { FilesJob.Secret("portal-vision", spec.WorkloadId, folder, "t"), FilesJob.Job(new ClusterOptions(), "portal-vision", spec.WorkloadId, folder, writable, true, "pass") })
            OwnReferencesOnly(item, spec);
        var pod = FilesJob.Job(new ClusterOptions(), "portal-vision", spec.WorkloadId, folder, writable, true, "pass").Spec.Template.Spec;
        pod.Containers.Single().VolumeMounts.Single().Should().Match<V1VolumeMount>(m => m.SubPath == folder && (m.ReadOnlyProperty == true) == !writable);
    }

    [Theory]
    [InlineData("a", "a-b")]
    [InlineData("ml", "ml-x")]
    [InlineData("team-with-a-name-of-the-longest-kind-0001", "team-with-a-name-of-the-longest-kind-0002")]
    public void Teams_OfLikeNames_ShareNoNamespace(string one, string other)
    {
        var longest = new ClusterOptions { NamespacePrefix = "prefix-of-20-letters" };
        var spaces = new[] { one, other }.Select(team => TeamNamespace.Objects(longest, team, "tests", 4)).ToList();
        spaces[0].Concat(spaces[1]).Select(o => (o.Kind, o.Metadata.NamespaceProperty, o.Metadata.Name)).Should().OnlyHaveUniqueItems();
        spaces.Select(s => s[0].Metadata.Name).Should().OnlyHaveUniqueItems().And.OnlyContain(n => n.Length <= 63);
    }

    [Fact]
    public void Workloads_OfTheSameLongName_ShareNoNameAndNoSelector()
    {
        var (one, other) = (Long("1"), Long("2"));
        var (ours, theirs) = (ObjectsOf(one), ObjectsOf(other));
        ours.Concat(theirs).Select(o => (o.Kind, o.Metadata.Name)).Should().OnlyHaveUniqueItems().And.OnlyContain(n => n.Name.Length <= 52, "a suffix of the cluster's must find room");
        var labels = PodLabelsOf(theirs[^1]);
        foreach (var selector in ours.Select(SelectorOf).OfType<IDictionary<string, string>>()) selector.All(s => labels.TryGetValue(s.Key, out var value) && value == s.Value).Should().BeFalse();
        AllocationSpec Long(string end) => ShippedManifestTests.SpecOf("container-service") with { WorkloadName = new string('w', 200) + end, Owner = new string('o', 80) + end };
    }

    [Fact]
    public void Network_LetsOnlyThePortalIn()
    {
        var policy = TeamNamespace.Objects(new ClusterOptions { PortalNamespace = "ops" }, "vision", "tests", null).OfType<V1NetworkPolicy>().Single().Spec;
        policy.PolicyTypes.Should().Equal("Ingress", "Egress");
        policy.PodSelector.Should().BeEquivalentTo(new V1LabelSelector(), "it holds for every pod");
        var from = policy.Ingress.Should().ContainSingle().Which.FromProperty.Should().ContainSingle().Which;
        from.Should().Match<V1NetworkPolicyPeer>(p => p.IpBlock == null && p.PodSelector == null);
        from.NamespaceSelector.MatchLabels.Should().Equal(new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = "ops" });
        policy.Egress.SelectMany(e => e.To).Where(t => t.IpBlock is not null).Should().OnlyContain(t => t.IpBlock.Except.Contains("169.254.169.254/32"), "the node's identity is not theirs");
    }

    /// <summary>As the kubelet understands an element: two dollars are one.</summary>
    private static IEnumerable<string> Understood(IEnumerable<string> words) => words.Select(w =>
    {
        w.Replace("$$", "", StringComparison.Ordinal).Should().NotContain("$");
        return w.Replace("$$", "$", StringComparison.Ordinal);
    });

    private static List<IKubernetesObject<V1ObjectMeta>> ObjectsOf(AllocationSpec spec)
    {
        var manifests = Manifests.Of(new ClusterOptions(), spec);
        return [manifests.Volume, .. manifests.Before, manifests.Main];
    }

    private static void OwnReferencesOnly(IKubernetesObject<V1ObjectMeta> item, AllocationSpec spec)
    {
        item.Metadata.NamespaceProperty.Should().Be("portal-vision");
        var found = References.Of(JsonNode.Parse(KubernetesJson.Serialize(item))!).ToList();
        string[] own = [$"a-{spec.AllocationId}", $"w-{spec.WorkloadId}", $"f-{spec.WorkloadId}"];
        found.Where(r => r.Kind == "names").Should().OnlyContain(r => own.Any(o => r.Value == o || r.Value.StartsWith(o + "-", StringComparison.Ordinal)));
        found.Where(r => r.Kind == "namespace").Should().OnlyContain(r => r.Value == "portal-vision");
        found.Where(r => r.Kind == "forbidden").Should().BeEmpty();
        if (SelectorOf(item) is { } selector) selector.Should().Equal(new Dictionary<string, string> { ["portal.internal/allocation-id"] = spec.AllocationId.ToString() });
        if (item is V1Service service) service.Spec.Should().Match<V1ServiceSpec>(s => s.Type == "ClusterIP" && s.ExternalName == null && s.ExternalIPs == null);
        if (item is V1PersistentVolumeClaim claim) claim.Spec.Should().Match<V1PersistentVolumeClaimSpec>(c => c.VolumeName == null && c.DataSource == null && c.DataSourceRef == null && c.Selector == null);
        if (item is not (V1Job or V1StatefulSet or V1Deployment)) return;
        var pod = PodOf(item);
        pod.Should().Match<V1PodSpec>(p => p.ServiceAccountName == "workload" && p.AutomountServiceAccountToken == false && p.EnableServiceLinks == false && p.HostNetwork == null && p.HostPID == null && p.HostIPC == null && p.InitContainers == null);
        pod.Volumes.Should().OnlyContain(v => v.PersistentVolumeClaim != null || v.EmptyDir != null || v.Projected != null);
        pod.Volumes.Where(v => v.Projected is not null).SelectMany(v => v.Projected.Sources).Should().OnlyContain(s => s.Secret != null && s.ServiceAccountToken == null && s.ConfigMap == null && s.DownwardAPI == null);
        pod.Containers.Single().VolumeMounts.Should().OnlyContain(m => !m.MountPath.Contains("..") && (m.SubPath == null || !m.SubPath.Contains("..")));
    }

    private static V1PodSpec PodOf(IKubernetesObject<V1ObjectMeta> main) => main switch { V1Job job => job.Spec.Template.Spec, V1StatefulSet set => set.Spec.Template.Spec, V1Deployment deployment => deployment.Spec.Template.Spec, _ => throw new ArgumentException(main.Kind) };

    private static IDictionary<string, string> PodLabelsOf(IKubernetesObject<V1ObjectMeta> main) => ((V1StatefulSet)main).Spec.Template.Metadata.Labels;

    private static IDictionary<string, string>? SelectorOf(IKubernetesObject<V1ObjectMeta> item) => item switch { V1Service service => service.Spec.Selector, V1PodDisruptionBudget budget => budget.Spec.Selector.MatchLabels, V1StatefulSet set => set.Spec.Selector.MatchLabels, V1Deployment deployment => deployment.Spec.Selector.MatchLabels, _ => null };
}
