using AwesomeAssertions;
using Bunit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Portal.Domain.Access;
using Portal.Testing.Hosting;
using Portal.Web.Access;
using Portal.Web.Components;
using Portal.Web.Components.Pages.Admin;
using Portal.Web.Tests.Pages;
using Xunit;

namespace Portal.Web.Tests.Access;

/// <summary>Who acts in an open circuit: looked up for every action, with the address the page was asked from.</summary>
public sealed class CircuitTests : PageTest
{
    private CurrentActor Current => Services.GetRequiredService<CurrentActor>();

    [Fact]
    public async Task CurrentActor_AfterEachLoss_KnowsAtOnce()
    {
        var ada = await Host.AddPersonAsync("Ada", ["vision"], [PortalRoles.Admin]);
        SignIn(ada);
        (await Current.GetAsync()).May(PortalAction.ManagePeople).Should().BeTrue();
        await using var db = await Host.OpenAsync();

        await db.UserRoles.Where(r => r.UserId == ada.UserId).ExecuteDeleteAsync();
        (await Current.GetAsync()).May(PortalAction.ManagePeople).Should().BeFalse();
        (await Current.GetAsync()).May(PortalAction.LaunchWorkload, Subject.Team.Named(ada, "vision")).Should().BeTrue();
        await db.TeamMembers.Where(m => m.UserId == ada.UserId).ExecuteDeleteAsync();
        (await Current.GetAsync()).May(PortalAction.LaunchWorkload, Subject.Team.Named(ada, "vision")).Should().BeFalse();
        await db.Users.Where(u => u.Id == ada.UserId).ExecuteUpdateAsync(set => set.SetProperty(u => u.Disabled, true));
        await Current.Invoking(c => c.GetAsync()).Should().ThrowAsync<SignedOutException>();
    }

    [Fact]
    public async Task OpenPage_AfterItsSessionEnded_GoesToTheSignInPage()
    {
        var page = Render<Portal.Web.Components.Pages.Workloads.WorkloadsPage>();
        page.WaitForAssertion(() => page.FindAll("h1").Should().NotBeEmpty());
        await using var db = await Host.OpenAsync();
        await db.BrowserSessions.Where(s => s.UserId == Lena.UserId).ExecuteUpdateAsync(set => set.SetProperty(s => s.EndedAt, s => s.StartedAt));

        await Current.Invoking(c => c.GetAsync()).Should().ThrowAsync<SignedOutException>();
        Render<Portal.Web.Components.Pages.Workloads.WorkloadsPage>();

        var navigation = Services.GetRequiredService<Bunit.TestDoubles.BunitNavigationManager>();
        page.WaitForAssertion(() => navigation.History.Should().Contain(h => h.Uri.Contains("/sign-in") && h.Options.ForceLoad));
    }

    [Fact]
    public async Task OpenPage_AfterTheRoleIsGone_RefusesTheNextClick()
    {
        var ada = await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]);
        SignIn(ada);
        var page = Render<SettingsPage>();
        page.WaitForState(() => page.FindAll("button").Count > 0);
        await using var db = await Host.OpenAsync();
        await db.UserRoles.Where(r => r.UserId == ada.UserId).ExecuteDeleteAsync();

        var now = await Current.GetAsync();
        (await Services.GetRequiredService<Portal.Application.Settings.PortalSettings>().ChangeAsync("announcement", "Hello", now, default)).Should().BeOfType<Portal.Application.Settings.SettingOutcome.Forbidden>();
        (await db.Settings.CountAsync()).Should().Be(0);
    }

    [Fact]
    public async Task Root_HandsTheAddressOn_ToEveryAction()
    {
        (await Current.GetAsync()).Source.Should().BeNull();
        SignOut();

        Render<Routes>(parameters => parameters.Add(r => r.Address, "203.0.113.7"));

        SignIn(Lena);
        (await Current.GetAsync()).Source.Should().Be("203.0.113.7");
    }
}
