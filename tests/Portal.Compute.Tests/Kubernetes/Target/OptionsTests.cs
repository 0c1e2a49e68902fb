using AwesomeAssertions;
using Portal.Compute.Kubernetes;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>Wrong settings are told all at once, each by its key.</summary>
public sealed class OptionsTests
{
    private static IReadOnlyList<string> Wrong(string name, ClusterOptions cluster) =>
        [.. new KubernetesOptionsValidator().Validate(null, new KubernetesOptions { Clusters = { [name] = cluster } }).Failures ?? []];

    [Fact]
    public void Cluster_WithNothingWrong_Passes()
    {
        Wrong("eu-1", new ClusterOptions { InCluster = true }).Should().BeEmpty();
        Wrong("eu-1", new ClusterOptions { Kubeconfig = typeof(OptionsTests).Assembly.Location, Context = "c" }).Should().BeEmpty();
    }

    [Fact]
    public void Cluster_WithEverythingWrong_NamesEveryKey() =>
        Wrong("Local Cluster", new ClusterOptions { Kubeconfig = "relative", NamespacePrefix = "9_", CallTimeout = TimeSpan.Zero, WatchSilence = TimeSpan.FromSeconds(1), FilesImage = "" }).Should().HaveCount(6)
            .And.OnlyContain(e => e.StartsWith("Kubernetes:Clusters:Local Cluster"));

    [Fact]
    public void Pool_IsWholeOrRefused()
    {
        var good = new NodePool { InstanceType = "g5.xlarge", Vcpu = 3.9m, MemoryGib = 14.5m, GpuKind = "A10G", Gpus = 1, Most = 8 };
        Wrong("eu-1", new ClusterOptions { InCluster = true, Pools = [good] }).Should().BeEmpty();
        Wrong("eu-1", new ClusterOptions { InCluster = true, Pools = [good, new NodePool { Gpus = 1, Most = 0 }] }).Should().HaveCount(4).And.OnlyContain(e => e.Contains(":Pools:1"));
    }

    [Fact]
    public void Cluster_HasOneWayIn()
    {
        Wrong("local", new ClusterOptions { InCluster = true }).Should().ContainSingle().Which.Should().Contain("not local");
        Wrong("a", new ClusterOptions()).Should().ContainSingle().Which.Should().Contain("either InCluster=true or Kubeconfig");
        Wrong("a", new ClusterOptions { InCluster = true, Context = "c" }).Should().ContainSingle().Which.Should().Contain(":Context");
    }
}
