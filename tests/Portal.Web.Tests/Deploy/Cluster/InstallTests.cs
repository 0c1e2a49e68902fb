using System.Net;
using AwesomeAssertions;
using k8s;
using Portal.Testing.Kubernetes;
using Xunit;

namespace Portal.Web.Tests.Deploy.Cluster;

/// <summary>The chart and the kustomize base on the test cluster, in a namespace with the strictest pod security: what they write is taken, and the pods come up.</summary>
public sealed class InstallTests : IAsyncLifetime
{
    private InstallCluster _cluster = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _cluster = await InstallCluster.StartAsync();

    [Theory]
    [InlineData(PortalChart.Required, 2, 1)]
    [InlineData(PortalChart.Everything, 2, 2)]
    [InlineData(PortalChart.Little, 1, 1)]
    public async Task Chart_EveryObject_IsTakenStrictly_AndEveryPodIsReady(string values, int web, int worker)
    {
        await _cluster.ApplyAsync(await PortalChart.RenderAsync(values));
        await _cluster.AllAreUpAsync(web, worker);
        _cluster.Test.Surprises.Should().BeEmpty();
    }

    [Fact]
    public async Task Base_EveryObject_IsTakenStrictly_AndEveryPodIsReady()
    {
        await _cluster.ApplyAsync(Manifest.Read((await InstallTools.KubectlAsync("kustomize", "deploy/k8s")).Succeeded));
        await _cluster.AllAreUpAsync(web: 2, worker: 1);
    }

    [Theory]
    [InlineData(PortalChart.Required)]
    [InlineData(PortalChart.Everything)]
    public async Task Pods_WhatTheyAreGiven_IsWhatThePortalStartsWith(string values)
    {
        await _cluster.ApplyAsync(await PortalChart.RenderAsync(values));
        await _cluster.AllAreUpAsync(web: 2, values == PortalChart.Everything ? 2 : 1);
        foreach (var part in new[] { "Web", "Worker" })
        {
            var environment = _cluster.Environments[part.ToLowerInvariant()];
            GivenSettings.Wrong(environment).Should().BeEmpty(part);
            environment["Portal__Role"].Should().Be(part);
            environment.Single(e => e.Key.EndsWith("__PortalNamespace", StringComparison.Ordinal)).Value.Should().Be(PortalChart.Namespace);
            environment.Should().NotContainKey("ConnectionStrings__PortalOwner", "the portal has no use for the owner's rights");
        }
    }

    [Fact]
    public async Task Account_OfTheChart_HasThePortalsRole()
    {
        await _cluster.ApplyAsync(await PortalChart.RenderAsync());
        using var portal = _cluster.Test.ClientFor(TestCluster.ServiceAccount(PortalChart.Namespace, "portal"));
        (await portal.CoreV1.ListNodeAsync(cancellationToken: Token)).Items.Should().NotBeEmpty();
        using var other = _cluster.Test.ClientFor(TestCluster.ServiceAccount(PortalChart.Namespace, "default"));
        (await other.Invoking(o => o.CoreV1.ListNodeAsync(cancellationToken: Token)).Should().ThrowAsync<k8s.Autorest.HttpOperationException>()).Which.Response.StatusCode.Should().Be(HttpStatusCode.Forbidden);
    }

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();
}
