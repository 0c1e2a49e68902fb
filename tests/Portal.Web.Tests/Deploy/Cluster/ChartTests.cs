using System.Text.Json.Nodes;
using AwesomeAssertions;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Web.Tests.Deploy.Cluster;

/// <summary>What the chart writes, and what it refuses to.</summary>
public sealed class ChartTests
{
    private static readonly string[] SecretNames = ["ConnectionStrings__Portal", "ConnectionStrings__PortalOwner", "Portal__MasterKey", "Portal__AdminPassword", "SignIn__Oidc__ClientSecret", "Mail__Password"];

    public static TheoryData<string> Sets => [PortalChart.Required, PortalChart.Everything, PortalChart.Little];

    [Theory]
    [MemberData(nameof(Sets))]
    public async Task EverySetting_IsOneThatThePortalHas_AndNoSecretIsWritten(string values)
    {
        var objects = await PortalChart.RenderAsync(values);
        objects.Should().NotContain(o => o.Kind() == "Secret");
        var environment = objects.Select(o => o.Pod()).OfType<JsonObject>().SelectMany(p => p["containers"]!.AsArray()).SelectMany(c => c!["env"]!.AsArray()).OfType<JsonObject>().ToList();
        var plain = objects.Where(o => o.Kind() == "ConfigMap").SelectMany(o => o["data"]!.AsObject().Select(d => d.Key)).ToList();
        GivenSettings.Unknown(environment.Select(e => (string)e["name"]!).Concat(plain)).Should().BeEmpty();
        plain.Should().HaveCountGreaterThan(10).And.NotIntersectWith(SecretNames);
        var secrets = environment.Where(e => SecretNames.Contains((string)e["name"]!)).ToList();
        secrets.Should().HaveCountGreaterThanOrEqualTo(6).And.OnlyContain(e => e["value"] == null && e["valueFrom"]!["secretKeyRef"]!["name"] != null);
        objects.SelectMany(o => o.Texts()).Should().NotContain(t => t.Text.Contains("Password=", StringComparison.OrdinalIgnoreCase) || t.Text.Contains("Username=", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public async Task OwnersRights_AreTheMigrationsAlone_WhichHaveNoToken(string values)
    {
        foreach (var item in (await PortalChart.RenderAsync(values)).Where(o => o.Pod() is not null))
        {
            var (isJob, names) = (item.Kind() == "Job", item.Pod()!["containers"]![0]!["env"]!.AsArray().Select(e => (string)e!["name"]!).ToList());
            names.Contains("ConnectionStrings__PortalOwner").Should().Be(isJob);
            names.Contains("ConnectionStrings__Portal").Should().Be(!isJob);
            ((bool)item.Pod()!["automountServiceAccountToken"]!).Should().Be(!isJob);
        }
    }

    [Fact]
    public async Task Role_IsTheOneThatTheTargetIsTriedWith()
    {
        var role = (await PortalChart.RenderAsync()).Single(o => o.Kind() == "ClusterRole");
        var tried = Manifest.Read(await File.ReadAllTextAsync(Path.Combine(RepositoryFolder.Root, "deploy", "k8s", "cluster-role.yaml"), TestContext.Current.CancellationToken)).Single();
        role["rules"]!.ToJsonString().Should().Be(tried["rules"]!.ToJsonString());
    }

    [Fact]
    public async Task Ending_LeavesTheTimeThatComposeLeaves()
    {
        var compose = await File.ReadAllTextAsync(Path.Combine(RepositoryFolder.Root, "docker-compose.yml"), TestContext.Current.CancellationToken);
        foreach (var item in (await PortalChart.RenderAsync()).Where(o => o.Kind() == "Deployment"))
        {
            compose.Should().Contain($"stop_grace_period: {(int)item.Pod()!["terminationGracePeriodSeconds"]!}s");
            item["spec"]!["strategy"]!["rollingUpdate"]!.ToJsonString().Should().Be("""{"maxUnavailable":0,"maxSurge":1}""");
        }
    }

    [Fact]
    public async Task Policies_LetNothingThroughButWhatIsNamed()
    {
        var policies = (await PortalChart.RenderAsync(PortalChart.Everything)).Where(o => o.Kind() == "NetworkPolicy").ToDictionary(o => o.Name(), o => o["spec"]!.AsObject());
        policies["portal-deny"].Select(p => p.Key).Should().BeEquivalentTo(["podSelector", "policyTypes"]);
        policies["portal-ingress"]["ingress"]!.AsArray().Should().ContainSingle().Which!["ports"]!.ToJsonString().Should().Be("""[{"protocol":"TCP","port":5080},{"protocol":"TCP","port":5081}]""");
        var rules = policies.Values.SelectMany(p => p["egress"]?.AsArray() ?? []).ToList();
        rules.SelectMany(r => r!["ports"]!.AsArray()).Select(p => (int)p!["port"]!).Should().BeEquivalentTo([53, 53, 6432, 6443, 8888, 587, 443, 443, 3128]);
        rules.Where(r => r!["to"] is null).Should().ContainSingle("only the rule that was put in names nobody");
        policies.Values.Should().OnlyContain(p => p["podSelector"]!["matchLabels"]!["app.kubernetes.io/instance"]!.ToString() == "portal");
    }

    [Fact]
    public async Task TwoReleases_ShareNoName()
    {
        var other = Manifest.Read((await PortalChart.TryAsync("second", "elsewhere", PortalChart.Required)).Succeeded);
        other.Select(o => o.Key()).Should().NotIntersectWith((await PortalChart.RenderAsync()).Select(o => o.Key()));
        other.Should().OnlyContain(o => o.Name().StartsWith("second-portal", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("image")]
    [InlineData("portal.url")]
    [InlineData("portal.appsUrl")]
    [InlineData("portal.trustedProxies")]
    [InlineData("admin.existingSecret")]
    [InlineData("database.existingSecret")]
    [InlineData("migrations.existingSecret")]
    [InlineData("masterKey.existingSecret")]
    public async Task RequiredValue_Missing_IsNamed(string key) =>
        await RefusesAsync(string.Concat(key.Split('.').Select((part, i) => $"{(i > 0 ? "{ " : "")}{part}: ")) + (key.EndsWith("Proxies", StringComparison.Ordinal) ? "[]" : "\"\"") + (key.Contains('.') ? " }" : ""), $"{key}:");

    [Theory]
    [InlineData("oidc: { authority: \"https://login.example.org\", clientId: portal }", "oidc.existingSecret:")]
    [InlineData("oidc: { authority: \"https://login.example.org\", existingSecret: a }", "oidc.clientId:")]
    [InlineData("mail: { host: smtp.example.org, from: a@example.org, user: a }", "mail.existingSecret:")]
    [InlineData("mail: { host: smtp.example.org }", "mail.from:")]
    [InlineData("portal: { appsUrl: \"https://{workload}.portal.example.org\" }", "another site")]
    [InlineData("portal: { appsUrl: \"https://{workload}.example.org\" }", "another site")]
    [InlineData("portal: { appsUrl: \"https://apps.example.net\" }", "portal.appsUrl")]
    [InlineData("portal: { url: portal.example.org }", "portal.url")]
    [InlineData("portal: { trustedProxies: [everybody] }", "portal.trustedProxies")]
    [InlineData("image: registry.example.org/portal", "image")]
    [InlineData("database: { password: s3cret }", "database")]
    [InlineData("settings: { Mail__Password: s3cret }", "Mail__Password")]
    [InlineData("settings: { ConnectionStrings__Portal: s3cret }", "ConnectionStrings__Portal")]
    [InlineData("settings: { Portal__Workers: 4 }", "settings.Portal__Workers")]
    [InlineData("settings: { Portal__Url: \"https://a.example.org\" }", "has a value of its own")]
    [InlineData("extraEnv: [{ name: SignIn__Oidc__ClientSecret, value: s3cret }]", "extraEnv.0")]
    [InlineData("cluster: { name: local }", "cluster.name")]
    [InlineData("cluster: { namespacePrefix: portal }", "cluster.namespacePrefix")]
    [InlineData("networkPolicy: { from: [] }", "networkPolicy.from")]
    [InlineData("networkPolicy: { from: [{ namespace: a }] }", "networkPolicy.from.0")]
    [InlineData("web: { replicas: 0 }", "web.replicas")]
    [InlineData("web: { autoscaling: { enabled: true, maxReplicas: 1 } }", "web.autoscaling.maxReplicas")]
    [InlineData("terminationGracePeriodSeconds: 20", "terminationGracePeriodSeconds")]
    [InlineData("replicas: 3", "replicas")]
    public async Task WrongValue_IsRefused(string values, string named) => await RefusesAsync(values, named);

    [Fact]
    public async Task Schema_TellsOfEveryValue_AndOfNoOther()
    {
        var (schema, values) = (JsonNode.Parse(await Text("values.schema.json"))!["properties"]!.AsObject(), await Text("values.yaml"));
        schema.Select(p => p.Key).Except(["global"]).Should().BeEquivalentTo(Manifest.Read(values).Single().Select(v => v.Key));
        foreach (var (name, part) in schema.Where(p => p.Value!["properties"] is not null))
            Manifest.Read(values).Single()[name]!.AsObject().Select(v => v.Key).Should().BeEquivalentTo(part!["properties"]!.AsObject().Select(p => p.Key), name);
    }

    private static Task<string> Text(string file) => File.ReadAllTextAsync(Path.Combine(PortalChart.Path, file), TestContext.Current.CancellationToken);

    private static async Task RefusesAsync(string values, string named)
    {
        var answer = await PortalChart.TryAsync("portal", PortalChart.Namespace, PortalChart.Required, values);
        answer.ExitCode.Should().NotBe(0);
        // Helm 4 writes /portal/url where Helm 3 writes portal.url.
        answer.Error.Replace('/', '.').Should().Contain(named).And.NotContain("s3cret");
    }
}
