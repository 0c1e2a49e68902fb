using System.Net;
using AwesomeAssertions;
using k8s;
using k8s.Models;

namespace Portal.Compute.Tests.Kubernetes.Cluster;

/// <summary>What controllers make of Deployments, StatefulSets and Jobs, and what they clear up.</summary>
public sealed class WorkloadTests(ClusterFixture cluster)
{
    private IKubernetes Client => cluster.Client;

    private Task<V1PodList> PodsAsync(string place) => Client.CoreV1.ListNamespacedPodAsync(place);

    private static bool IsReady(V1Pod pod) => pod.Status.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;

    [Fact]
    public async Task Deployment_RollsOverToANewTemplate()
    {
        var place = await cluster.NamespaceAsync();
        await Client.AppsV1.CreateNamespacedDeploymentAsync(Objects.Deployment(replicas: 2).As<V1Deployment>(), place);
        var first = await Eventually.ReadAsync(() => Client.AppsV1.ReadNamespacedDeploymentAsync("web", place), d => d.Status.AvailableReplicas == 2);
        first.Status.Conditions.Should().Contain(c => c.Type == "Available" && c.Status == "True");
        var before = (await PodsAsync(place)).Items.Select(p => p.Name()).ToHashSet();
        before.Should().AllSatisfy(n => n.Should().MatchRegex("^web-[a-z0-9]+-[a-z0-9]{5}$"));
        await Client.AppsV1.PatchNamespacedDeploymentAsync(new V1Patch("""{"spec":{"template":{"metadata":{"labels":{"v":"2"}}}}}""", V1Patch.PatchType.MergePatch), "web", place);
        await Eventually.ReadAsync(() => Client.AppsV1.ReadNamespacedDeploymentAsync("web", place), d => d.Status.ObservedGeneration == 2 && d.Status.UpdatedReplicas == 2 && d.Status.AvailableReplicas == 2 && d.Status.Replicas == 2, 60);
        await Eventually.ReadAsync(() => PodsAsync(place), p => p.Items.Count(i => i.Metadata.DeletionTimestamp is null) == 2 && p.Items.All(i => !before.Contains(i.Name())), 60);
        (await Client.AppsV1.ListNamespacedReplicaSetAsync(place)).Items.Should().HaveCount(2, "the old one is kept, at nothing");
    }

    [Fact]
    public async Task Deployment_Deleted_TakesItsPodsAlong()
    {
        var place = await cluster.NamespaceAsync();
        await Client.AppsV1.CreateNamespacedDeploymentAsync(Objects.Deployment().As<V1Deployment>(), place);
        await Eventually.ReadAsync(() => PodsAsync(place), p => p.Items.Count == 1);
        await Client.AppsV1.DeleteNamespacedDeploymentAsync("web", place, new V1DeleteOptions { PropagationPolicy = "Foreground" });
        var going = await Client.AppsV1.ListNamespacedDeploymentAsync(place);
        if (going.Items is [var one])
            one.Metadata.Finalizers.Should().Contain("foregroundDeletion");
        await Eventually.GoneAsync(() => Client.AppsV1.ReadNamespacedDeploymentAsync("web", place), 60);
        (await PodsAsync(place)).Items.Should().BeEmpty("in the foreground the owner goes last");
    }

    [Fact]
    public async Task Deployment_Orphaned_LeavesItsSetsWithoutOwner()
    {
        var place = await cluster.NamespaceAsync();
        await Client.AppsV1.CreateNamespacedDeploymentAsync(Objects.Deployment().As<V1Deployment>(), place);
        await Eventually.ReadAsync(() => Client.AppsV1.ListNamespacedReplicaSetAsync(place), s => s.Items.Count == 1);
        await Client.AppsV1.DeleteNamespacedDeploymentAsync("web", place, new V1DeleteOptions { PropagationPolicy = "Orphan" });
        await Eventually.GoneAsync(() => Client.AppsV1.ReadNamespacedDeploymentAsync("web", place));
        (await Client.AppsV1.ListNamespacedReplicaSetAsync(place)).Items.Should().ContainSingle().Which.Metadata.OwnerReferences.Should().BeNullOrEmpty();
    }

    [Fact]
    public async Task StatefulSet_MakesNumberedPodsWithClaimsThatOutliveIt()
    {
        Assert.SkipWhen(cluster.IsReal, "needs a default storage class that binds quickly");
        var place = await cluster.NamespaceAsync();
        await Client.AppsV1.CreateNamespacedStatefulSetAsync(Objects.StatefulSet(replicas: 2).As<V1StatefulSet>(), place);
        await Eventually.ReadAsync(() => Client.AppsV1.ReadNamespacedStatefulSetAsync("set", place), s => s.Status.ReadyReplicas == 2);
        (await PodsAsync(place)).Items.Select(p => p.Name()).Should().Equal("set-0", "set-1");
        (await Client.CoreV1.ListNamespacedPersistentVolumeClaimAsync(place)).Items.Select(c => (c.Name(), c.Status.Phase)).Should().Equal(("data-set-0", "Bound"), ("data-set-1", "Bound"));
        await Client.AppsV1.PatchNamespacedStatefulSetAsync(new V1Patch("""{"spec":{"replicas":0}}""", V1Patch.PatchType.MergePatch), "set", place);
        await Eventually.ReadAsync(() => PodsAsync(place), p => p.Items.Count == 0);
        await Client.AppsV1.DeleteNamespacedStatefulSetAsync("set", place);
        await Eventually.GoneAsync(() => Client.AppsV1.ReadNamespacedStatefulSetAsync("set", place));
        (await Client.CoreV1.ListNamespacedPersistentVolumeClaimAsync(place)).Items.Should().HaveCount(2);
    }

    [Fact]
    public async Task StatefulSet_NewTemplate_ReplacesThePodUnderItsName()
    {
        var place = await cluster.NamespaceAsync();
        await Client.AppsV1.CreateNamespacedStatefulSetAsync(Objects.StatefulSet().With("spec.volumeClaimTemplates", null).As<V1StatefulSet>(), place);
        await Eventually.ReadAsync(() => Client.AppsV1.ReadNamespacedStatefulSetAsync("set", place), s => s.Status.ReadyReplicas == 1);
        var before = await Client.CoreV1.ReadNamespacedPodAsync("set-0", place);
        await Client.AppsV1.PatchNamespacedStatefulSetAsync(new V1Patch("""{"spec":{"template":{"metadata":{"annotations":{"v":"2"}}}}}""", V1Patch.PatchType.MergePatch), "set", place);
        var after = await Eventually.ReadAsync(() => PodsAsync(place), p => p.Items is [var one] && one.Uid() != before.Uid() && IsReady(one), 60);
        after.Items[0].Name().Should().Be("set-0");
        after.Items[0].Metadata.Annotations.Should().Contain("v", "2");
    }

    [Fact]
    public async Task StatefulSet_PodDeletedByHand_ComesBack()
    {
        var place = await cluster.NamespaceAsync();
        await Client.AppsV1.CreateNamespacedStatefulSetAsync(Objects.StatefulSet().With("spec.volumeClaimTemplates", null).As<V1StatefulSet>(), place);
        await Eventually.ReadAsync(() => Client.AppsV1.ReadNamespacedStatefulSetAsync("set", place), s => s.Status.ReadyReplicas == 1);
        var before = await Client.CoreV1.ReadNamespacedPodAsync("set-0", place);
        await Client.CoreV1.DeleteNamespacedPodAsync("set-0", place);
        await Eventually.ReadAsync(() => PodsAsync(place), p => p.Items is [var one] && one.Uid() != before.Uid() && IsReady(one), 60);
    }

    [Theory]
    [InlineData("true", "Complete", "Succeeded")]
    [InlineData("exit 3", "Failed", "Failed")]
    public async Task Job_EndsAsItsPodDoes(string command, string condition, string phase)
    {
        var place = await cluster.NamespaceAsync();
        cluster.Test?.Programs.Add(run => run.Namespace == place, new Portal.Testing.Kubernetes.Programs.ScriptedProgram { EndsAfter = TimeSpan.Zero, ExitCode = command == "true" ? 0 : 3 });
        await Client.BatchV1.CreateNamespacedJobAsync(Objects.Job().With("spec.template.spec.containers[0].command", $$"""["sh","-c","{{command}}"]""").As<V1Job>(), place);
        var job = await Eventually.ReadAsync(() => Client.BatchV1.ReadNamespacedJobAsync("job", place), j => j.Status.Conditions?.Any(c => c.Type == condition && c.Status == "True") == true, 60);
        if (condition == "Failed")
        {
            job.Status.Conditions.Single(c => c.Type == "Failed").Reason.Should().Be("BackoffLimitExceeded");
            job.Status.Failed.Should().Be(1);
        }
        else
        {
            job.Status.Succeeded.Should().Be(1);
            job.Status.CompletionTime.Should().NotBeNull();
        }
        var pod = (await PodsAsync(place)).Items.Should().ContainSingle().Subject;
        pod.Status.Phase.Should().Be(phase);
        pod.Metadata.Labels.Should().Contain("batch.kubernetes.io/job-name", "job");
        pod.Metadata.Finalizers.Should().BeNullOrEmpty();
    }

    [Fact]
    public async Task Job_Suspended_RunsOnlyOnceResumedAndMayStillBeTold()
    {
        var place = await cluster.NamespaceAsync();
        await Client.BatchV1.CreateNamespacedJobAsync(Objects.Job().With("spec.suspend", "true").As<V1Job>(), place);
        await Eventually.ReadAsync(() => Client.BatchV1.ReadNamespacedJobAsync("job", place), j => j.Status.Conditions?.Any(c => c is { Type: "Suspended", Status: "True" }) == true);
        (await PodsAsync(place)).Items.Should().BeEmpty();
        await Client.BatchV1.PatchNamespacedJobAsync(new V1Patch("""{"spec":{"template":{"spec":{"nodeSelector":{"kubernetes.io/os":"linux"}}}}}""", V1Patch.PatchType.MergePatch), "job", place);
        await Client.BatchV1.PatchNamespacedJobAsync(new V1Patch("""{"spec":{"suspend":false}}""", V1Patch.PatchType.MergePatch), "job", place);
        await Eventually.ReadAsync(() => PodsAsync(place), p => p.Items is [var one] && IsReady(one));
        await Client.BatchV1.PatchNamespacedJobAsync(new V1Patch("""{"spec":{"suspend":true}}""", V1Patch.PatchType.MergePatch), "job", place);
        await Eventually.ReadAsync(() => PodsAsync(place), p => p.Items.All(i => i.Status.Phase is "Succeeded" or "Failed"));
    }

    [Fact]
    public async Task Job_PastItsDeadline_Fails()
    {
        var place = await cluster.NamespaceAsync();
        await Client.BatchV1.CreateNamespacedJobAsync(Objects.Job().With("spec.activeDeadlineSeconds", "2").As<V1Job>(), place);
        var job = await Eventually.ReadAsync(() => Client.BatchV1.ReadNamespacedJobAsync("job", place), j => j.Status.Conditions?.Any(c => c is { Type: "Failed", Status: "True" }) == true, 60);
        job.Status.Conditions.Single(c => c.Type == "Failed").Reason.Should().Be("DeadlineExceeded");
    }

    [Fact]
    public async Task Job_DeletedWithoutPropagation_LeavesItsPodAndWarns()
    {
        var place = await cluster.NamespaceAsync();
        await Client.BatchV1.CreateNamespacedJobAsync(Objects.Job().As<V1Job>(), place);
        await Eventually.ReadAsync(() => PodsAsync(place), p => p.Items is [var one] && IsReady(one));
        var (code, _, answer) = await cluster.SendAsync(HttpMethod.Delete, $"/apis/batch/v1/namespaces/{place}/jobs/job");
        code.Should().Be(HttpStatusCode.OK);
        answer.Headers.GetValues("Warning").Should().ContainSingle().Which.Should().Contain("child pods are preserved by default when jobs are deleted");
        await Eventually.GoneAsync(() => Client.BatchV1.ReadNamespacedJobAsync("job", place));
        (await PodsAsync(place)).Items.Should().ContainSingle().Which.Metadata.OwnerReferences.Should().BeNullOrEmpty();
    }

    [Fact]
    public async Task Job_DeletedInTheBackground_TakesItsPodAlong()
    {
        var place = await cluster.NamespaceAsync();
        await Client.BatchV1.CreateNamespacedJobAsync(Objects.Job().As<V1Job>(), place);
        await Eventually.ReadAsync(() => PodsAsync(place), p => p.Items is [var one] && IsReady(one));
        await Client.BatchV1.DeleteNamespacedJobAsync("job", place, new V1DeleteOptions { PropagationPolicy = "Background" });
        await Eventually.ReadAsync(() => PodsAsync(place), p => p.Items.Count == 0, 60);
    }

    [Fact]
    public async Task Object_OfAnOwnerThatDoesNotExist_IsRemoved()
    {
        var place = await cluster.NamespaceAsync();
        await Client.CoreV1.CreateNamespacedConfigMapAsync(Objects.ConfigMap().With("metadata.ownerReferences", """[{"apiVersion":"v1","kind":"ConfigMap","name":"none","uid":"6f2b7c7e-0000-4000-8000-000000000000"}]""").As<V1ConfigMap>(), place);
        await Eventually.GoneAsync(() => Client.CoreV1.ReadNamespacedConfigMapAsync("map", place), 60);
    }

    [Fact]
    public async Task Autoscaler_KeepsReplicasWithinItsBounds()
    {
        var place = await cluster.NamespaceAsync();
        await Client.AppsV1.CreateNamespacedDeploymentAsync(Objects.Deployment().As<V1Deployment>(), place);
        await Client.AutoscalingV2.CreateNamespacedHorizontalPodAutoscalerAsync(Objects.Parse("""{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"a"},"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"},"minReplicas":2,"maxReplicas":3}}""").As<V2HorizontalPodAutoscaler>(), place);
        await Eventually.ReadAsync(() => Client.AppsV1.ReadNamespacedDeploymentAsync("web", place), d => d.Spec.Replicas == 2, 60);
    }

    [Fact]
    public async Task Claim_WithoutItsClass_StaysPendingAndSaysWhy()
    {
        var place = await cluster.NamespaceAsync();
        await Client.CoreV1.CreateNamespacedPersistentVolumeClaimAsync(Objects.Claim("claim", "none-such").As<V1PersistentVolumeClaim>(), place);
        await Client.CoreV1.CreateNamespacedPodAsync(Objects.Pod().With("spec.volumes", """[{"name":"v","persistentVolumeClaim":{"claimName":"claim"}}]""").As<V1Pod>(), place);
        await Eventually.ReadAsync(() => Client.CoreV1.ListNamespacedEventAsync(place), e => e.Items.Any(i => i is { Reason: "ProvisioningFailed" } && i.Message.Contains("storageclass.storage.k8s.io \"none-such\" not found", StringComparison.Ordinal)));
        (await Client.CoreV1.ReadNamespacedPersistentVolumeClaimAsync("claim", place)).Status.Phase.Should().Be("Pending");
        var pod = await Eventually.ReadAsync(() => Client.CoreV1.ReadNamespacedPodAsync("pod", place), p => p.Status.Conditions?.Any(c => c is { Type: "PodScheduled", Status: "False" }) == true);
        pod.Status.Conditions.Single(c => c.Type == "PodScheduled").Message.Should().Contain("pod has unbound immediate PersistentVolumeClaims");
    }

    [Fact]
    public async Task Claim_OfAClassThatWaits_BindsWithItsFirstPod()
    {
        Assert.SkipWhen(cluster.IsReal, "needs the class standard-wait");
        var place = await cluster.NamespaceAsync();
        await Client.CoreV1.CreateNamespacedPersistentVolumeClaimAsync(Objects.Claim("claim", "standard-wait").As<V1PersistentVolumeClaim>(), place);
        await Eventually.ReadAsync(() => Client.CoreV1.ListNamespacedEventAsync(place), e => e.Items.Any(i => i.Reason == "WaitForFirstConsumer"));
        await Client.CoreV1.CreateNamespacedPodAsync(Objects.Pod().With("spec.volumes", """[{"name":"v","persistentVolumeClaim":{"claimName":"claim"}}]""").As<V1Pod>(), place);
        await Eventually.ReadAsync(() => Client.CoreV1.ReadNamespacedPodAsync("pod", place), IsReady);
        await Client.CoreV1.DeleteNamespacedPersistentVolumeClaimAsync("claim", place);
        (await Client.CoreV1.ReadNamespacedPersistentVolumeClaimAsync("claim", place)).Metadata.DeletionTimestamp.Should().NotBeNull("a pod uses it");
        await Client.CoreV1.DeleteNamespacedPodAsync("pod", place);
        await Eventually.GoneAsync(() => Client.CoreV1.ReadNamespacedPersistentVolumeClaimAsync("claim", place));
    }
}
