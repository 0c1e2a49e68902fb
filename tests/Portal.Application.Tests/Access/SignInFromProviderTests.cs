using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.SingleSignOn;
using Portal.Application.Teams;
using Portal.Domain.Access;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Access;

/// <summary>What a sign-in with the provider changes, without web and provider.</summary>
public sealed class SignInFromProviderTests : HostedTests
{
    private const string Issuer = "https://login.example.org/";

    private Task<SignInFromProvider.Outcome> SignInAsync(string subject, params string[] groups) =>
        Host.WithScopedAsync<SignInFromProvider, SignInFromProvider.Outcome>(use => use.ExecuteAsync(new ProviderIdentity(Issuer, subject, $"{subject}@example.org", true, subject, groups), default));

    private async Task<Guid> InAsync(string subject, params string[] groups) => (await SignInAsync(subject, groups)).Should().BeOfType<SignInFromProvider.Outcome.SignedIn>().Subject.UserId;

    private async Task<string> StampAsync(Guid id)
    {
        await using var db = await Host.OpenAsync();
        return (await db.Users.Where(u => u.Id == id).Select(u => u.SecurityStamp).SingleAsync())!;
    }

    [Fact]
    public async Task LastAdministrator_LosesTheRoleOnlyOnceThereIsAnother()
    {
        Host.SignIn.Oidc.RoleOf = "admins=Admin";
        var ada = await InAsync("ada", "admins");
        await InAsync("ada");
        (await Host.ActorAsync(ada)).Roles.Should().Equal([PortalRoles.Admin], "nobody else could administer the portal");

        await Host.AddPersonAsync("Otto", roles: [PortalRoles.Admin]);
        await InAsync("ada");
        (await Host.ActorAsync(ada)).Roles.Should().BeEmpty();
    }

    [Fact]
    public async Task TwoAdministrators_WhoLoseTheirGroupAtOnce_LeaveOne()
    {
        Host.SignIn.Oidc.RoleOf = "admins=Admin";
        var (ada, otto) = (await InAsync("ada", "admins"), await InAsync("otto", "admins"));
        await Task.WhenAll(SignInAsync("ada"), SignInAsync("otto"));
        ((await Host.ActorAsync(ada)).Roles.Count + (await Host.ActorAsync(otto)).Roles.Count).Should().Be(1);
    }

    [Fact]
    public async Task Stamp_ChangesWhenSomethingIsTakenAway_AndOnlyThen()
    {
        Host.SignIn.Oidc.TeamOf = "vision=vision; vision-leads=vision:lead";
        var id = await InAsync("ida", "vision");
        var first = await StampAsync(id);
        await InAsync("ida", "vision", "vision-leads");
        (await StampAsync(id)).Should().Be(first, "more rights end no session");
        await InAsync("ida", "vision");
        var second = await StampAsync(id);
        second.Should().NotBe(first);
        await InAsync("ida");
        (await StampAsync(id)).Should().NotBe(second);
        (await Host.ActorAsync(id)).Teams.Should().BeEmpty();
    }

    [Fact]
    public async Task GroupsThatCouldNotBeListed_ChangeNothing()
    {
        Host.SignIn.Oidc.TeamOf = "vision=vision";
        var id = await InAsync("ida", "vision");
        await Host.WithScopedAsync<SignInFromProvider, SignInFromProvider.Outcome>(use => use.ExecuteAsync(new ProviderIdentity(Issuer, "ida", null, false, null, null), default));
        (await Host.ActorAsync(id)).Teams.Should().ContainSingle();
    }

    [Fact]
    public async Task FirstSignIns_OfDifferentPeopleWithOneEmail_MakeOneAccount()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => Host.WithScopedAsync<SignInFromProvider, SignInFromProvider.Outcome>(use =>
            use.ExecuteAsync(new ProviderIdentity(Issuer, $"twin-{i}", "twin@example.org", true, "Twin", []), default))));
        outcomes.OfType<SignInFromProvider.Outcome.SignedIn>().Should().ContainSingle();
        outcomes.OfType<SignInFromProvider.Outcome.Refused>().Should().HaveCount(3).And.OnlyContain(r => r.Why == SignInFromProvider.Refusal.EmailTaken);
    }

    [Fact]
    public async Task WithoutLocalAccounts_PasswordsAreRefused()
    {
        Host.SignIn.LocalAccounts = false;
        var ada = await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]);
        (await Host.WithScopedAsync<Application.Access.ChangeOwnPassword, object>(async use => await use.ExecuteAsync("x", "A password of some length 7", Lena, default)))
            .Should().BeOfType<Application.Access.ChangeOwnPassword.Outcome.Invalid>().Which.Errors["current"].Should().Contain("switched off");
        (await Host.WithScopedAsync<ResetPassword, PeopleOutcome>(use => use.ExecuteAsync(Lena.Email, ada, default))).Should().BeOfType<PeopleOutcome.Conflict>();
    }
}
