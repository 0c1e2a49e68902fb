using System.Text.RegularExpressions;
using AwesomeAssertions;
using Portal.Testing.Hosting;
using Xunit;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Portal.Web.Tests.Deploy;

/// <summary>What can be known of the containers without building them: they name what exists, set what is read, and run with as little as they can.</summary>
public sealed partial class ContainerTests
{
    private static readonly string[] Dockerfile = Instructions();
    private static readonly Dictionary<object, object> Compose = (Dictionary<object, object>)new DeserializerBuilder().Build().Deserialize(new MergingParser(new Parser(new StringReader(Text("docker-compose.yml")))))!;

    [Fact]
    public void Compose_EverySetting_IsOneThatTheCodeReads()
    {
        var known = KnownSettings.Bound.Except(KnownSettings.Hidden).Concat(KnownSettings.ByName).ToHashSet();
        foreach (var service in new[] { "portal", "migrations" }) Environment(service).Keys.Should().OnlyContain(key => known.Contains(key), service);
        KnownSettings.In(string.Join('\n', Dockerfile)).Should().OnlyContain(key => known.Contains(key));
        Environment("portal").Should().ContainKey("ConnectionStrings__Portal").And.NotContainKey("ConnectionStrings__PortalOwner", "the portal has no use for the owner's rights");
    }

    [Fact]
    public void Compose_EveryPassword_MustBeGiven()
    {
        var passwords = Services().SelectMany(s => Environment(s)).Where(e => e.Key.Contains("PASSWORD", StringComparison.Ordinal) || e.Value.Contains("Password=", StringComparison.Ordinal)).ToList();
        passwords.Should().HaveCountGreaterThanOrEqualTo(4);
        passwords.Should().OnlyContain(e => RequiredVariable().IsMatch(e.Value));
    }

    [Fact]
    public void Compose_NoDefaultOfAVariable_HasABraceInIt() =>
        Services().SelectMany(s => Environment(s)).Should().NotContain(e => BraceInDefault().IsMatch(e.Value), "compose ends the variable at the first one");

    [Theory]
    [InlineData("portal")]
    [InlineData("migrations")]
    public void Compose_OurContainers_RunWithLittle(string name)
    {
        var service = Service(name);
        service["read_only"].Should().Be("true");
        service["user"].ToString().Should().MatchRegex("^[1-9][0-9]*:[1-9][0-9]*$", "not root");
        List(service, "cap_drop").Should().Equal("ALL");
        List(service, "security_opt").Should().Contain("no-new-privileges:true");
        List(service, "tmpfs").Should().Contain("/tmp");
        service.Should().NotContainKey("privileged");
        var build = (Dictionary<object, object>)service["build"];
        File.Exists(Path.Combine(RepositoryFolder.Root, (string)build["context"], (string)build["dockerfile"])).Should().BeTrue();
    }

    [Fact]
    public void Compose_Order_IsDatabaseMigrationsPortal()
    {
        Condition("migrations", "postgres").Should().Be("service_healthy");
        Condition("portal", "postgres").Should().Be("service_healthy");
        Condition("portal", "migrations").Should().Be("service_completed_successfully");
        Service("migrations")["restart"].Should().Be("no");
        Service("postgres").Should().ContainKey("healthcheck");
        Service("postgres")["image"].ToString().Should().MatchRegex("^postgres:[0-9]+$", "a major version");
        string.Join(' ', List(Service("migrations"), "entrypoint")).Should().EndWith("/app/migrations/Portal.Migrations.dll");
    }

    [Fact]
    public void Compose_PortsAndVolumes_AreThoseOfTheSettings()
    {
        var settings = Environment("portal");
        List(Service("portal"), "ports").Should().BeEquivalentTo([$"127.0.0.1:5080:{settings["Portal__Port"]}", $"127.0.0.1:5081:{settings["Portal__AppsPort"]}"], "other machines come through a proxy with TLS");
        List(Service("portal"), "volumes").Should().Contain("portal:/var/lib/portal");
        new[] { settings["Portal__KeyFolder"], settings["Local__DataFolder"] }.Should().OnlyContain(folder => folder.StartsWith("/var/lib/portal/", StringComparison.Ordinal), "everything else is read-only");
        var named = ((Dictionary<object, object>)Compose["volumes"]).Keys.Cast<string>().ToList();
        foreach (var volume in Services().Where(s => Service(s).ContainsKey("volumes")).SelectMany(s => List(Service(s), "volumes")).Select(v => v.Split(':')[0]))
            (named.Contains(volume) || File.Exists(Path.Combine(RepositoryFolder.Root, volume))).Should().BeTrue(volume);
        Service("postgres").Should().NotContainKey("ports", "nobody else has business with the database");
    }

    [Fact]
    public void Dockerfile_EveryCopiedFile_ExistsAndIsNotIgnored()
    {
        var ignored = Text(".dockerignore").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Trim()).ToList();
        ignored.Should().Contain("*", "only what is named goes into the build").And.Contain("**/.env");
        foreach (var path in Dockerfile.Where(i => i.StartsWith("COPY ", StringComparison.Ordinal) && !i.Contains("--from", StringComparison.Ordinal)).SelectMany(i => i.Split(' ')[1..^1]).Select(p => p.TrimEnd('/')))
        {
            Path.Exists(Path.Combine(RepositoryFolder.Root, path)).Should().BeTrue(path);
            ignored.Should().Contain($"!{path}");
        }
    }

    [Fact]
    public void Dockerfile_Image_IsPinnedUnprivilegedAndWatched()
    {
        Dockerfile.Where(i => i.StartsWith("FROM ", StringComparison.Ordinal)).Select(i => i.Split(' ')[1]).Should().Equal("mcr.microsoft.com/dotnet/sdk:10.0", "mcr.microsoft.com/dotnet/aspnet:10.0");
        var run = Dockerfile[Array.FindLastIndex(Dockerfile, i => i.StartsWith("FROM ", StringComparison.Ordinal))..];
        run.Last(i => i.StartsWith("USER ", StringComparison.Ordinal)).Should().Be("USER $APP_UID");
        run[Array.FindIndex(run, i => i.StartsWith("USER ", StringComparison.Ordinal))..].Should().NotContain(i => i.StartsWith("RUN ", StringComparison.Ordinal), "nothing is made as root after it");
        run.Should().ContainSingle(i => i.StartsWith("HEALTHCHECK ", StringComparison.Ordinal) && i.Contains("/readyz", StringComparison.Ordinal) && !i.Contains("curl", StringComparison.Ordinal));
        run.Should().ContainSingle(i => i.StartsWith("EXPOSE ", StringComparison.Ordinal)).Which.Should().Be("EXPOSE 5080 5081");
        var packages = run.Single(i => i.Contains("apt-get install", StringComparison.Ordinal));
        foreach (var package in new[] { "python3", "jupyter-notebook", "bubblewrap" }) packages.Should().Contain(package, "local workloads need it");
        run.Last().Should().Be("""ENTRYPOINT ["dotnet", "/app/portal/Portal.Web.dll"]""");
    }

    /// <summary>Instructions of the Dockerfile, each on one line, without comments.</summary>
    private static string[] Instructions() => [.. Text("deploy/docker/Dockerfile").Replace("\\\n", " ", StringComparison.Ordinal).Split('\n').Select(l => Spaces().Replace(l.Trim(), " ")).Where(l => l.Length > 0 && l[0] != '#')];

    private static string Text(string path) => File.ReadAllText(Path.Combine(RepositoryFolder.Root, path));

    private static IEnumerable<string> Services() => ((Dictionary<object, object>)Compose["services"]).Keys.Cast<string>();

    private static Dictionary<object, object> Service(string name) => (Dictionary<object, object>)((Dictionary<object, object>)Compose["services"])[name];

    private static Dictionary<string, string> Environment(string service) => ((Dictionary<object, object>)Service(service)["environment"]).ToDictionary(e => (string)e.Key, e => e.Value?.ToString() ?? "");

    private static List<string> List(Dictionary<object, object> service, string key) => [.. ((List<object>)service[key]).Cast<string>()];

    private static string Condition(string service, string on) => (string)((Dictionary<object, object>)((Dictionary<object, object>)Service(service)["depends_on"])[on])["condition"];

    [GeneratedRegex(@"\$\{PORTAL_DATABASE(_OWNER)?_PASSWORD:\?[^}]+\}$")]
    private static partial Regex RequiredVariable();

    [GeneratedRegex(@"\$\{[^}]*\{")]
    private static partial Regex BraceInDefault();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
