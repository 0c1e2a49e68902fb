using System.Reflection;
using AwesomeAssertions;
using NetArchTest.Rules;
using Portal.Application.Workloads;
using Portal.Compute.LocalProcess;
using Portal.Domain.Workloads;
using Xunit;

namespace Portal.Web.Tests.Hosting;

/// <summary>The borders that project references alone do not guard. Each rule is also run against a type that breaks it, so that it is known to be able to fail.</summary>
public sealed class ArchitectureTests
{
    private static readonly Assembly Domain = typeof(Workload).Assembly;
    private static readonly Assembly Application = typeof(LaunchWorkload).Assembly;
    private static readonly Assembly Web = typeof(Program).Assembly;

    [Fact]
    public void Domain_UsesNoPackagesAndNoOtherLayer() =>
        Domain.GetReferencedAssemblies().Select(a => a.Name).Should().OnlyContain(name => name!.StartsWith("System", StringComparison.Ordinal) || name == "netstandard" || name == "mscorlib");

    [Fact]
    public void Application_KnowsNeitherTargetsNorWeb() =>
        Application.GetReferencedAssemblies().Select(a => a.Name).Should().NotContain(["Portal.Compute", "Portal.Web", "Yarp.ReverseProxy", "MudBlazor", "Hangfire.PostgreSql"]);

    [Fact]
    public void Compute_KnowsOnlyTheDomain() =>
        typeof(LocalProcessTarget).Assembly.GetReferencedAssemblies().Select(a => a.Name).Where(n => n!.StartsWith("Portal.", StringComparison.Ordinal)).Should().Equal("Portal.Domain");

    [Fact]
    public void Compute_IsNamedInHostingOnly()
    {
        Types.InAssembly(Web).That().DoNotResideInNamespace("Portal.Web.Hosting").ShouldNot().HaveDependencyOn("Portal.Compute").GetResult().FailingTypeNames.Should().BeNullOrEmpty();
        Types.InAssembly(Web).That().ResideInNamespace("Portal.Web.Hosting").ShouldNot().HaveDependencyOn("Portal.Compute").GetResult().IsSuccessful.Should().BeFalse("the composition root does name it: the rule can fail");
    }

    [Fact]
    public void VendorClients_AreNamedInComputeOnly()
    {
        foreach (var assembly in new[] { Domain, Application, Web })
            Types.InAssembly(assembly).ShouldNot().HaveDependencyOnAny("Amazon", "k8s").GetResult().FailingTypeNames.Should().BeNullOrEmpty();
        Types.InAssembly(Web).ShouldNot().HaveDependencyOnAny("MudBlazor").GetResult().IsSuccessful.Should().BeFalse("the rule can fail");
    }

    [Fact]
    public void Components_KeepTheirLifeInAPageLife()
    {
        // A cancellation source that was disposed with its page throws when the page's last answer comes, and the error boundary shows that in place of the next page.
        static bool Breaks(Type type) => type.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly).Any(f => f.FieldType == typeof(CancellationTokenSource));
        Web.GetTypes().Where(t => typeof(Microsoft.AspNetCore.Components.IComponent).IsAssignableFrom(t) && Breaks(t)).Should().BeEmpty();
        Breaks(typeof(Portal.Web.Components.PageLife)).Should().BeTrue("the rule can fail");
        var life = new Portal.Web.Components.PageLife();
        life.Dispose();
        life.Token.IsCancellationRequested.Should().BeTrue("it can be read after its end");
    }

    [Fact]
    public void UseCases_HaveOnePublicExecute()
    {
        var cases = Application.GetTypes().Where(t => t is { IsPublic: true, IsAbstract: false } && t.GetMethod("ExecuteAsync") is not null).ToList();
        cases.Should().NotBeEmpty();
        cases.Where(t => t.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Count(m => m.Name == "ExecuteAsync") != 1).Should().BeEmpty();
    }
}
