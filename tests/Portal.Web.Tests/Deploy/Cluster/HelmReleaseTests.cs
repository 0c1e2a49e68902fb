using AwesomeAssertions;
using k8s;
using Npgsql;
using Portal.Testing.Data;
using Xunit;

namespace Portal.Web.Tests.Deploy.Cluster;

/// <summary>Helm itself installs, upgrades and removes the portal on the test cluster. It keeps its releases in a database, since it writes Secrets in a binary form that the test cluster does not speak.</summary>
public sealed class HelmReleaseTests : IAsyncLifetime
{
    private InstallCluster _cluster = null!;
    private PortalDatabaseFixture _releases = null!;
    private string _kubeconfig = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cluster = await InstallCluster.StartAsync();
        _releases = await PortalDatabaseFixture.CreateEmptyAsync(Token);
        _kubeconfig = await PortalChart.FileAsync(_cluster.Test.AdminKubeconfig);
    }

    [Fact]
    public async Task Release_ComesUp_TakesNewSettings_AndGoes()
    {
        var said = await HelmAsync("install", PortalChart.Required);
        said.Should().Contain("STATUS: deployed").And.Contain("https://portal.example.org").And.Contain("rollout status deployment/portal-web").And.Contain("admin@portal.local with the password of Secret portal-admin").And.Contain("deployment/portal-worker -- dotnet");
        await _cluster.AllAreUpAsync(web: 2, worker: 1);
        Made().Should().BeEquivalentTo(["jobs", "deployments", "deployments"], options => options.WithStrictOrdering(), "migrations come first");

        _cluster.Test.ClearRequests();
        await HelmAsync("upgrade", PortalChart.Required, "settings: { SignIn__Oidc__DisplayName: Example }");
        await _cluster.AllAreUpAsync(web: 2, worker: 1);
        Made().Should().Equal("jobs");
        _cluster.Environments["web"]["SignIn__Oidc__DisplayName"].Should().Be("Example", "changed settings make new pods");

        await HelmAsync("uninstall");
        (await _cluster.Test.Client.AppsV1.ListNamespacedDeploymentAsync(PortalChart.Namespace, cancellationToken: Token)).Items.Should().BeEmpty();
        (await _cluster.Test.Client.RbacAuthorizationV1.ListClusterRoleAsync(cancellationToken: Token)).Items.Should().NotContain(r => r.Metadata.Name == "portal");
        (await _cluster.Test.Client.CoreV1.ListNamespacedSecretAsync(PortalChart.Namespace, cancellationToken: Token)).Items.Should().Contain(s => s.Metadata.Name == "portal-master-key", "it is not the chart's");
        _cluster.Test.Surprises.Should().BeEmpty();
    }

    public async ValueTask DisposeAsync()
    {
        await _releases.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    // Helm 4 applies where Helm 3 creates.
    private List<string> Made() => [.. _cluster.Test.Requests.Where(r => r is { Verb: "create" or "patch", Status: 201, Subresource: "" } && r.Resource is "jobs" or "deployments").Select(r => r.Resource)];

    private async Task<string> HelmAsync(string command, params IReadOnlyList<string> values)
    {
        var database = new NpgsqlConnectionStringBuilder(_releases.OwnerConnectionString);
        var store = new Dictionary<string, string>
        {
            ["HELM_DRIVER"] = "sql",
            ["HELM_DRIVER_SQL_CONNECTION_STRING"] = $"host={database.Host} port={database.Port} user={database.Username} password={database.Password} dbname={database.Database} sslmode=disable",
        };
        var files = await Task.WhenAll(values.Select(PortalChart.FileAsync));
        string[] chart = values.Count == 0 ? [] : [PortalChart.Path, "--disable-openapi-validation", .. files.SelectMany(file => new[] { "--values", file })];
        return (await InstallTools.HelmAsync(store, [command, "portal", .. chart, "--namespace", PortalChart.Namespace, "--kubeconfig", _kubeconfig, "--wait", "--timeout", "90s"])).Succeeded;
    }
}
